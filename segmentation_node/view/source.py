"""What the server asks of whoever has the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

STREAMS = ("input", "overlay")
"""The pictures of the page. A picture travels behind one byte: its stream's place here."""


class Audience(Protocol):
    """Where a source puts what it has; each method may be called on any thread."""

    def show(self, stream: str, picture: bytes) -> None:
        """Show a picture in place of the one before.

        Args:
            stream: One of `STREAMS`.
            picture: A JPEG or PNG.
        """

    def tell(self, kind: str, fact: Mapping[str, Any]) -> None:
        """Tell a fact in place of the one before of its kind.

        Args:
            kind: Such as `legend`.
            fact: What JSON can hold.
        """


class Source(Protocol):
    """Has pictures and facts of one node."""

    def start(self, audience: Audience) -> None:
        """Begin to tell facts."""

    def look(self, is_watched: bool) -> None:
        """Begin or cease to show pictures, which cost the node work; called on one thread."""

    def close(self) -> None:
        """Cease for good; closing twice does nothing."""
