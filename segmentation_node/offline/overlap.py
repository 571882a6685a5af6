"""Reads, segments and packs frames at the same time, each on threads of its own.

    submit ──▶ decoders ──▶ network ──▶ packers ──▶ in_order
    (caller)   2 threads    1 thread    2 threads   (caller)

While one frame is in the network, those after it are decoded and those before it compressed and
written. Each of these steps spends its time in libraries that let other threads run meanwhile.
Everything comes out in the order in which it went in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

from segmentation_node.core.frame import Frame
from segmentation_node.offline.job import Tally
from segmentation_node.pipeline import Segmentation

Packed = TypeVar("Packed")
Entry = TypeVar("Entry")

FRAMES_AHEAD = 4
"""Frames between the caller's two ends: enough for every thread, little enough for memory."""
ENTRIES_AHEAD = 256
"""Messages that may wait for the frames before them."""


class Overlap(Generic[Packed]):
    """The threads that frames pass through; a context manager.

    Args:
        tally: What segments and counts, on the network's thread alone.
        pack: Makes of a result what is to be written; called on several threads.
    """

    def __init__(self, tally: Tally, pack: Callable[[Segmentation], Packed]) -> None:
        self._tally = tally
        self._pack = pack
        self._decoders = ThreadPoolExecutor(2, "decode")
        self._network = ThreadPoolExecutor(1, "network")
        self._packers = ThreadPoolExecutor(2, "pack")

    def submit(self, read: Callable[[], Frame], name: str) -> Future[Packed | None]:
        """Send a frame on its way.

        Args:
            read: Returns the frame, or raises a FrameError.
            name: What to call the frame.

        Returns:
            What was packed, once it is; None for a frame that cannot be read.
        """
        frame = self._decoders.submit(read)
        result = self._network.submit(self._segment, frame, name)
        return self._packers.submit(self._packed, result)

    def _segment(self, frame: Future[Frame], name: str) -> Segmentation | None:
        result = self._tally.segment(frame.result, name)
        # The segmenter writes to the same memory again while this one is still being packed.
        return None if result is None else result.copy()

    def _packed(self, result: Future[Segmentation | None]) -> Packed | None:
        found = result.result()
        return None if found is None else self._pack(found)

    def __enter__(self) -> Overlap[Packed]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # In this order: nobody waits for what was called off.
        for pool in (self._decoders, self._network, self._packers):
            pool.shutdown(cancel_futures=True)


def in_order(
    entries: Iterable[tuple[Entry, Future[Packed | None] | None]],
) -> Iterator[tuple[Entry, Packed | None]]:
    """Yield entries as they came, each once what belongs to it is packed.

    Args:
        entries: Anything, each with what `submit` returned for it, or None.
    """
    waiting: deque[tuple[Entry, Future[Packed | None] | None]] = deque()
    frames = 0
    for entry in entries:
        waiting.append(entry)
        frames += entry[1] is not None
        while waiting and (
            frames > FRAMES_AHEAD or len(waiting) > ENTRIES_AHEAD or _is_ready(waiting[0][1])
        ):
            first, packed = waiting.popleft()
            frames -= packed is not None
            yield first, None if packed is None else packed.result()
    for first, packed in waiting:
        yield first, None if packed is None else packed.result()


def _is_ready(packed: Future[Packed | None] | None) -> bool:
    return packed is None or packed.done()
