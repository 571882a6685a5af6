"""What the player and the recorder tell the process that started them: one JSON object a line."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

_PERIOD_NS = 100_000_000


class Events:
    """Prints events on stdout, where whoever started this process reads them.

    Args:
        enabled: Whether anybody reads; nothing is printed otherwise.
    """

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._next_ns = 0
        self._latest: dict[str, Any] = {}

    def emit(self, event: str, **values: Any) -> None:
        """Print one event at once.

        Args:
            event: Its name.
            values: What belongs to it, as plain numbers, strings, lists and mappings.
        """
        if self._enabled:
            # One write, so that lines of several threads never mix.
            sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
            sys.stdout.flush()

    def progress(self, **values: Any) -> None:
        """Print a `progress` event where something changed, at most ten times a second."""
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_ns and values != self._latest:
            self._next_ns, self._latest = now_ns + _PERIOD_NS, values
            self.emit("progress", **values)
