from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import count

import numpy as np
import pytest

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError, FrameError
from segmentation_node.offline.job import Tally
from segmentation_node.offline.overlap import ENTRIES_AHEAD, FRAMES_AHEAD, Overlap, in_order
from segmentation_node.pipeline import Outputs, Segmentation

DEADLINE_S = 30


class SameMemory:
    """Stands for a segmenter: its results all lie in the same memory."""

    def __init__(self) -> None:
        self.memory = np.empty((2, 2), np.uint8)
        self.threads: set[int] = set()

    def __call__(self, image: np.ndarray | Frame, outputs: Outputs | None = None) -> Segmentation:
        assert isinstance(image, Frame)
        self.threads.add(threading.get_ident())
        self.memory[:] = image.array[0, 0, 0]
        return Segmentation(self.memory, None, None, None, {"total": 1.0})


class Slow(Future["int | None"]):
    """What is never done when it is asked, and then is."""

    def result(self, timeout: float | None = None) -> int:
        return 7


def frame(value: int) -> Frame:
    return Frame.from_array(np.full((2, 2, 3), value, np.uint8))


def tally(segmenter: Callable[..., Segmentation] | None = None) -> Tally:
    return Tally(segmenter or SameMemory(), Outputs(color=False), lambda done, total: None)


def test_frames_come_out_in_order_with_labels_of_their_own() -> None:
    segmenter = SameMemory()
    with Overlap(tally(segmenter), lambda result: result.labels) as frames:
        entries = ((i, frames.submit(lambda i=i: frame(i), str(i))) for i in range(40))
        found = [(i, int(labels[0, 0])) for i, labels in in_order(entries)]
    assert found == [(i, i) for i in range(40)]
    assert len(segmenter.threads) == 1


def test_the_next_frame_is_decoded_while_one_is_in_the_network() -> None:
    begun = threading.Event()

    def wait_for_the_next(
        image: np.ndarray | Frame, outputs: Outputs | None = None
    ) -> Segmentation:
        assert begun.wait(DEADLINE_S)
        return SameMemory()(image, outputs)

    def second() -> Frame:
        begun.set()
        return frame(2)

    with Overlap(tally(wait_for_the_next), lambda result: 1) as frames:
        first = frames.submit(lambda: frame(1), "first")
        frames.submit(second, "second")
        assert first.result(DEADLINE_S) == 1


def test_a_frame_that_cannot_be_read_is_counted_and_packs_nothing() -> None:
    def bad() -> Frame:
        raise FrameError("half a JPEG", "a whole one", "record it again")

    counted = tally()
    with Overlap(counted, lambda result: 1) as frames:
        assert frames.submit(bad, "the bad one").result(DEADLINE_S) is None
        assert frames.submit(lambda: frame(1), "the good one").result(DEADLINE_S) == 1
    assert counted.malformed == [
        "the bad one: received half a JPEG; expected a whole one; fix: record it again"
    ]
    assert counted.frames == 1


def test_a_failing_engine_ends_the_run() -> None:
    def fail(image: np.ndarray | Frame, outputs: Outputs | None = None) -> Segmentation:
        raise EngineError("a failure", "logits", "try again")

    def run() -> None:
        with Overlap(tally(fail), lambda result: 1) as frames:
            list(in_order((i, frames.submit(lambda: frame(1), "")) for i in range(40)))

    with pytest.raises(EngineError, match="a failure"):
        run()


@pytest.mark.parametrize(("are_frames", "limit"), [(True, FRAMES_AHEAD), (False, ENTRIES_AHEAD)])
def test_little_is_read_ahead_of_a_slow_frame(are_frames: bool, limit: int) -> None:
    slow, taken = Slow(), count()

    def entries() -> Iterator[tuple[int, Future[int | None] | None]]:
        yield next(taken), slow
        while True:
            yield next(taken), Future() if are_frames else None

    assert next(in_order(entries())) == (0, 7)
    assert next(taken) == limit + 1
