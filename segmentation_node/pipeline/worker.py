"""The machine behind the node: frames wait, are computed, and are published, each on its thread.

    submit ──▶ inbox ──▶ computing thread ──▶ outbox ──▶ publishing thread
    (caller)             (owns the engine)               (the result of frame N-1 goes out
                                                          while frame N is computed)

The number of slots (sets of output buffers) bounds what is under way: with two, one frame is
computed while the one before it is published. A frame is taken from the inbox only when a slot is
free, so in the mode `latest` it is the newest one that there is.

Nothing here knows ROS; what is done with a frame is a `Job`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Generic, Protocol, TypeVar

from segmentation_node.errors import ConfigError, FrameError

Item = TypeVar("Item")
Slot = TypeVar("Slot")
ItemIn = TypeVar("ItemIn", contravariant=True)  # noqa: PLC0105
SlotIn = TypeVar("SlotIn", contravariant=True)  # noqa: PLC0105


class Job(Protocol[ItemIn, SlotIn]):
    """What a worker does with its items; all but `failed` may take their time."""

    def open(self) -> None:
        """Load what computing needs (computing thread, once, before any item)."""

    def compute(self, item: ItemIn, slot: SlotIn) -> None:
        """Fill the slot with the result of the item (computing thread)."""

    def publish(self, item: ItemIn, slot: SlotIn) -> None:
        """Send the slot out (publishing thread); afterwards it is used again."""

    def failed(self, item: ItemIn, error: Exception) -> None:
        """Take note of an error in `compute` or `publish` (the thread that it happened on)."""

    def close(self) -> None:
        """Free what `open` loaded (computing thread, once, also where `open` failed)."""


@dataclass(frozen=True)
class Counts:
    """What became of the frames; `received` is the sum of the others and of those under way.

    Args:
        received: Frames handed over, the bad ones too.
        processed: Frames computed and published.
        skipped: Frames that a newer one replaced, or that waited when the worker was paused.
        limited: Frames above the rate limit, left alone before any work on them.
        malformed: Frames that could not be read.
        failed: Frames lost to an error of the engine or of publishing.
    """

    received: int = 0
    processed: int = 0
    skipped: int = 0
    limited: int = 0
    malformed: int = 0
    failed: int = 0

    @property
    def wanted(self) -> int:
        """Frames that were to be answered: all but those above the rate limit."""
        return self.received - self.limited

    def plus(self, **more: int) -> Counts:
        """The counts with the named ones raised."""
        return replace(self, **{name: getattr(self, name) + by for name, by in more.items()})

    def minus(self, earlier: Counts) -> Counts:
        """What was added since `earlier`."""
        then = asdict(earlier)
        return Counts(**{name: count - then[name] for name, count in asdict(self).items()})


class Worker(Generic[Item, Slot]):
    """Runs a job over the items handed to it, until it is closed.

    It starts paused. Every method may be called from any thread but the worker's own, and in any
    state: closing twice, or pausing what was never started, does nothing.

    Args:
        job: What is done with each item.
        slots: The sets of output buffers; two let publishing overlap with computing.
        mode: `latest` keeps one waiting item and replaces it; `every` keeps all, in order.
        queue_size: With `every`, how many items may wait.
        on_room: Called (computing thread) when a full inbox has room again.
    """

    def __init__(
        self,
        job: Job[Item, Slot],
        slots: Iterable[Slot],
        mode: str = "latest",
        queue_size: int = 10,
        on_room: Callable[[], None] | None = None,
    ) -> None:
        if mode not in {"latest", "every"}:
            raise ConfigError(f"mode: {mode!r}", "latest or every", "correct the mode")
        self._job = job
        self._replaces = mode == "latest"
        self._capacity = 1 if self._replaces else queue_size
        self._on_room = on_room or (lambda: None)
        self._free = list(slots)
        self._all_slots = len(self._free)
        self._waiting: deque[Item] = deque()
        self._done: deque[tuple[Item, Slot]] = deque()
        self._counts = Counts()
        self._changed = threading.Condition()
        self._running = self._closing = self._computed = False
        self._opened = threading.Event()
        self._open_error: BaseException | None = None
        self._threads: list[threading.Thread] = []

    @property
    def counts(self) -> Counts:
        """What became of the frames so far."""
        return self._counts

    @property
    def has_room(self) -> bool:
        """Whether `submit` would return at once."""
        return self._replaces or len(self._waiting) < self._capacity

    def start(self) -> None:
        """Start the threads and wait until the job is open.

        Raises:
            Exception: Whatever `Job.open` raised; the worker is closed then.
        """
        self._threads = [
            threading.Thread(target=self._compute_all, name="compute"),
            threading.Thread(target=self._publish_all, name="publish"),
        ]
        for thread in self._threads:
            thread.start()
        self._opened.wait()
        if self._open_error is not None:
            self.close()
            raise self._open_error

    def resume(self) -> None:
        """Take items from now on."""
        with self._changed:
            self._running = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Take no more items, drop those that wait, and return when none is under way."""
        with self._changed:
            self._running = False
            self._count(skipped=len(self._waiting))
            self._waiting.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self._free) == self._all_slots or not self._alive)

    def close(self) -> None:
        """Pause, close the job and end the threads."""
        self.pause()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def submit(self, item: Item) -> bool:
        """Hand over one item; with the mode `every`, wait while the inbox is full.

        Returns:
            Whether the item was taken; False when the worker is, or gets, paused.
        """
        with self._changed:
            self._count(received=1)
            self._changed.wait_for(lambda: self.has_room or not self._running)
            if not self._running:
                self._count(skipped=1)
                return False
            if self._replaces and self._waiting:
                self._waiting.clear()
                self._count(skipped=1)
            self._waiting.append(item)
            self._changed.notify_all()
        return True

    def refuse(self) -> None:
        """Count one frame that could not even be made an item."""
        with self._changed:
            self._count(received=1, malformed=1)

    def leave_out(self) -> None:
        """Count one frame above the rate limit."""
        with self._changed:
            self._count(received=1, limited=1)

    @property
    def _alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _count(self, **more: int) -> None:
        self._counts = self._counts.plus(**more)

    def _compute_all(self) -> None:
        try:
            self._job.open()
        except BaseException as error:
            # start() raises it again in its caller's thread.
            self._open_error = error
        else:
            self._opened.set()
            while (taken := self._take()) is not None:
                self._compute(*taken)
        finally:
            self._job.close()
            with self._changed:
                self._computed = True
                self._changed.notify_all()
            self._opened.set()

    def _take(self) -> tuple[Item, Slot] | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or (self._running and self._waiting and self._free)
            )
            if self._closing:
                return None
            was_full = not self.has_room
            taken = self._waiting.popleft(), self._free.pop()
            self._changed.notify_all()
        if was_full:
            self._on_room()
        return taken

    def _compute(self, item: Item, slot: Slot) -> None:
        try:
            self._job.compute(item, slot)
        except Exception as error:
            # One bad frame must not end the stream.
            self._give_up(item, slot, error)
            return
        with self._changed:
            self._done.append((item, slot))
            self._changed.notify_all()

    def _publish_all(self) -> None:
        while (done := self._take_done()) is not None:
            item, slot = done
            try:
                self._job.publish(item, slot)
            except Exception as error:
                # One lost message must not end the stream.
                self._give_up(item, slot, error)
            else:
                self._finish(slot, processed=1)

    def _take_done(self) -> tuple[Item, Slot] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._done or self._computed)
            return self._done.popleft() if self._done else None

    def _give_up(self, item: Item, slot: Slot, error: Exception) -> None:
        bad_frame = isinstance(error, FrameError)
        try:
            self._job.failed(item, error)
        finally:
            self._finish(slot, malformed=int(bad_frame), failed=int(not bad_frame))

    def _finish(self, slot: Slot, **more: int) -> None:
        with self._changed:
            self._free.append(slot)
            self._count(**more)
            self._changed.notify_all()
