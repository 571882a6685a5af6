"""The latest of everything, and the browsers that it goes to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from segmentation_node.view.source import STREAMS


class Listener(Protocol):
    """A browser, as far as the hub knows it."""

    is_looking: bool

    def wake(self) -> None:
        """Say that there is something new."""


class Hub:
    """Keeps the latest picture of each stream and the latest fact of each kind.

    Nothing queues up: what a browser has not taken when the next one comes is left out for it.
    All but `show` and `tell` are called on the event loop's thread.

    Args:
        loop: The event loop of the browsers.
        look: Called when the first browser begins to look, and when the last one ceases to.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, look: Callable[[bool], None]) -> None:
        self._loop, self._look = loop, look
        self._number = 0
        self._is_watched = False
        self._listeners: set[Listener] = set()
        self.pictures: dict[str, tuple[int, bytes]] = {}
        """By stream: a number that grows with each picture, and the message for browsers."""
        self.facts: dict[str, tuple[int, str]] = {}
        """By kind: a number that grows with each fact, and the message for browsers."""

    def show(self, stream: str, picture: bytes) -> None:
        """Show a picture in place of the one before; from any thread."""
        message = bytes([STREAMS.index(stream)]) + picture
        self._soon(lambda: self._put_picture(stream, message))

    def tell(self, kind: str, fact: Mapping[str, Any]) -> None:
        """Tell a fact in place of the one before of its kind; from any thread."""
        message = json.dumps({"kind": kind, **fact})
        self._soon(lambda: self._put_fact(kind, message))

    def add(self, listener: Listener) -> None:
        """Take a browser in."""
        self._listeners.add(listener)
        self.count_looks()
        listener.wake()

    def remove(self, listener: Listener) -> None:
        """Let a browser go."""
        self._listeners.discard(listener)
        self.count_looks()

    def count_looks(self) -> None:
        """See whether anybody looks; pictures are made only then."""
        is_watched = any(listener.is_looking for listener in self._listeners)
        if is_watched != self._is_watched:
            self._is_watched = is_watched
            # Whoever looks next shall not be shown what was there before.
            self.pictures.clear()
            self._look(is_watched)

    def _put_picture(self, stream: str, message: bytes) -> None:
        if self._is_watched:
            self.pictures[stream] = self._next(), message
            self._wake_all()

    def _put_fact(self, kind: str, message: str) -> None:
        self.facts[kind] = self._next(), message
        self._wake_all()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _wake_all(self) -> None:
        for listener in self._listeners:
            listener.wake()

    def _soon(self, action: Callable[[], None]) -> None:
        # The source may still speak while the loop ends.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(action)
