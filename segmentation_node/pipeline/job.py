"""What the node's worker does with its items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

ItemIn = TypeVar("ItemIn", contravariant=True)  # noqa: PLC0105
SlotIn = TypeVar("SlotIn", contravariant=True)  # noqa: PLC0105


class Job(Protocol[ItemIn, SlotIn]):
    """What a worker does with its items; begin, finish, publish, open and close may take long.

    An item is begun, finished and published; items are finished in the order in which they were
    begun. On a processor all of the work is done in `begin`, on a GPU most of it goes on between
    `begin` and `finish`.
    """

    @property
    def depth(self) -> int:
        """How many items may be begun and not finished: 1 where beginning one does all of it.

        Items that are begun together count as one.
        """

    @property
    def batch(self) -> int:
        """How many items, each of another camera, may be begun together."""

    def open(self) -> None:
        """Load what computing needs (computing thread, once, before any item)."""

    def begin(self, item: ItemIn, slot: SlotIn) -> None:
        """Begin with the result of an item (computing thread); where it raises it is not begun."""

    def begin_together(self, items: Sequence[tuple[ItemIn, SlotIn]]) -> Sequence[Exception | None]:
        """Begin with items of several cameras as one (computing thread); each is finished alone.

        Returns:
            For each why it is not begun; None where it is. Where it raises none is.
        """

    def is_ready(self, item: ItemIn) -> bool:
        """Whether `finish` would return at once for the item begun first (computing thread)."""

    def finish(self, item: ItemIn, slot: SlotIn) -> None:
        """Fill the slot with the result of the item begun first (computing thread)."""

    def publish(self, item: ItemIn, slot: SlotIn) -> None:
        """Send the slot out (publishing thread); afterwards it is used again."""

    def failed(self, item: ItemIn, error: Exception) -> None:
        """Take note of an error in one of these (the thread that it happened on)."""

    def close(self) -> None:
        """Free what `open` loaded (computing thread, once, also where `open` failed)."""
