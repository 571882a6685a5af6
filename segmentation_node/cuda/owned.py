"""What is to be freed, in the reverse of the order in which it was made."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol, TypeVar

from segmentation_node.errors import EngineError

_log = logging.getLogger("segmentation_node")


class Freeable(Protocol):
    """Something that whoever made it gives back."""

    def free(self) -> None:
        """Give it back."""


Thing = TypeVar("Thing", bound=Freeable)


class Owned(ExitStack):
    """Frees all that it keeps, at the end of its block or in `close`.

    One that cannot be freed does not keep the others from it. A constructor keeps what it makes
    in the block of an `Owned` and takes it over by `pop_all` when everything is made.
    """

    def keep(self, thing: Thing) -> Thing:
        """Free a thing later, and give it back now."""
        self.callback(thing.free)
        return thing


def free_or_tell(free: Callable[[], None]) -> None:
    """Free something; where that fails it is logged, and keeps nothing else from being freed."""
    try:
        free()
    except EngineError as error:
        _log.warning("not freed: %s", error)
