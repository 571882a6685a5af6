"""A queue between two threads that is bounded by the bytes it holds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class ByteQueue(Generic[Item]):
    """First in, first out; whoever puts waits while it is full.

    Args:
        limit_bytes: How much it may hold; one item is always let in, however large.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._items: deque[tuple[Item, int]] = deque()
        self._held = 0
        self._closed = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def put(self, item: Item, size: int) -> bool:
        """Append an item as soon as there is room.

        Args:
            item: The item.
            size: What it holds, bytes.

        Returns:
            False when the queue was closed and the item dropped.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._full(size))
            if self._closed:
                return False
            self._items.append((item, size))
            self._held += size
            self._changed.notify_all()
            return True

    def close(self, error: BaseException | None = None) -> None:
        """Let nothing more in; what it holds can still be taken.

        Args:
            error: What went wrong on the putting side, to be raised when the queue is empty.
        """
        with self._changed:
            self._closed = True
            self._error = self._error or error
            self._changed.notify_all()

    def wait_until_filled(self) -> None:
        """Wait until it is full or closed, so that what follows has a store to live on."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._held >= 0.9 * self._limit)

    def __iter__(self) -> Iterator[Item]:
        """Yield items until the queue is closed and empty.

        Raises:
            BaseException: What the queue was closed with.
        """
        while (entry := self._take()) is not None:
            yield entry
        if self._error is not None:
            raise self._error

    def _take(self) -> Item | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items)
            if not self._items:
                return None
            item, size = self._items.popleft()
            self._held -= size
            self._changed.notify_all()
            return item

    def _full(self, size: int) -> bool:
        return bool(self._items) and self._held + size > self._limit
