"""The worker with a GPU that the processor plays: two frames are under way, and each is right."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import pytest
from host_engine import HostEngine
from host_gpu import HostGpu

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError
from segmentation_node.model import Model
from segmentation_node.pipeline import Buffers, CudaPipeline, Outputs, Segmenter, View
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.gathering import Gathering
from segmentation_node.pipeline.together import Piece, begin_together
from segmentation_node.pipeline.worker import Worker

PATIENCE_S = 60.0
SIZES = ((20, 24), (16, 30))
WANTED = Outputs(color=True)


def frame_of(number: int, camera: int = 0) -> Frame:
    small = np.random.default_rng(number).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    return Frame.from_array(np.asarray(cv2.resize(small, SIZES[camera][::-1]), np.uint8))


class GpuJob:
    """Segments the frame of a number for a camera, and keeps what goes out."""

    depth = CudaPipeline.depth

    def __init__(self, segmenters: list[Segmenter]) -> None:
        self.segmenters = segmenters
        self.batch = segmenters[0].batch
        self.steps: list[str] = []
        self.published: list[tuple[int, Buffers]] = []
        self.lost: list[int] = []
        self.may_begin = threading.Event()
        self.fail_in: dict[int, Callable[[], None]] = {}

    def open(self) -> None:
        for segmenter, size in zip(self.segmenters, SIZES, strict=True):
            segmenter.warm_up(*size, WANTED)

    def begin(self, item: int, slot: list[Buffers]) -> None:
        assert self.may_begin.wait(PATIENCE_S)
        self.fail_in.get(item, lambda: None)()
        slot[:] = [Buffers.allocate(*SIZES[item % 2], WANTED)]
        self.steps.append(f"begin {item}")
        self.segmenters[item % 2].begin(frame_of(item, item % 2), WANTED, slot[0])

    def begin_together(self, items: Sequence[tuple[int, list[Buffers]]]) -> list[Exception | None]:
        assert self.may_begin.wait(PATIENCE_S)
        self.steps.append(" and ".join(["begin", *(str(item) for item, _ in items)]))
        pieces: list[Piece] = []
        for item, slot in items:
            slot[:] = [Buffers.allocate(*SIZES[item % 2], WANTED)]
            frame = frame_of(item, item % 2)
            pieces.append((self.segmenters[item % 2], frame, WANTED, slot[0]))
        return begin_together(pieces)

    def is_ready(self, item: int) -> bool:
        return self.segmenters[item % 2].is_ready

    def finish(self, item: int, slot: list[Buffers]) -> None:
        self.steps.append(f"finish {item}")
        result = self.segmenters[item % 2].finish()
        assert result.labels is slot[0].labels

    def publish(self, item: int, slot: list[Buffers]) -> None:
        self.published.append((item, slot[0]))

    def failed(self, item: int, error: Exception) -> None:
        self.lost.append(item)

    def close(self) -> None:
        for segmenter in self.segmenters:
            segmenter.close()


class Rig:
    def __init__(self, library: ctypes.CDLL, model: Model, batch: int = 1) -> None:
        self.gpu = HostGpu(library)
        self.engine = HostEngine(self.gpu, model, batch=batch)
        pipeline = CudaPipeline(model, self.engine, gpu=self.gpu)
        first = Segmenter(model, pipeline.engine, None, pipeline)
        self.job = GpuJob([first, first.beside(View.parse("2,2,12,12"))])
        slots: list[list[list[Buffers]]] = [[[], [], []] for _ in SIZES]
        # Two frames in a row have stamps 1 s apart, and 1000 s from the two before.
        gathering = Gathering[int](100.0, lambda item: (item // 2 * 1000 + item % 2 + 1) * 10**9)
        self.worker: Worker[int, list[Buffers]] = Worker(
            self.job, slots, "every", 100, gathering=gathering
        )
        self.worker.start()
        self.worker.resume()

    def run(self, count: int) -> Counts:
        """Have frames of both cameras wait before the first is begun, and answer all of them."""
        for item in range(count):
            self.worker.submit(item, item % 2)
        self.job.may_begin.set()
        with self.worker._changed:
            assert self.worker._changed.wait_for(
                lambda: not len(self.worker._inbox) and not self.worker._under_way, PATIENCE_S
            )
        return Counts.total(self.worker.counts)

    def close(self) -> None:
        self.job.may_begin.set()
        self.worker.close()
        assert self.gpu.left == []
        assert not self.gpu.is_open


@pytest.fixture
def batch_rig(library: ctypes.CDLL, make_network: Callable[..., Model]) -> Iterator[Rig]:
    one = Rig(library, make_network(default_size=[32, 32]), batch=2)
    yield one
    one.close()


@pytest.fixture
def rig(library: ctypes.CDLL, make_network: Callable[..., Model]) -> Iterator[Rig]:
    one = Rig(library, make_network(default_size=[32, 32]))
    yield one
    one.close()


def check(rig: Rig, items: list[int]) -> None:
    """What went out must be what one frame after the other gives."""
    assert [item for item, _ in rig.job.published] == items
    for item, found in rig.job.published:
        wanted = rig.job.segmenters[item % 2].segment(frame_of(item, item % 2), WANTED)
        assert (found.labels == wanted.labels).all()
        assert found.color is not None
        assert (found.color == wanted.color).all()


def test_frames_of_two_cameras_overlap_and_each_gets_its_own_result(rig: Rig) -> None:
    assert rig.run(10) == Counts(received=10, processed=10)
    begun = [step for step in rig.job.steps if step.startswith("begin")]
    assert begun == [f"begin {item}" for item in range(10)]
    # The next one is under way before anybody waits for this one. How often later on depends on
    # the thread that publishes: a result that waits for it holds frames back.
    assert rig.job.steps[:3] == ["begin 0", "begin 1", "finish 0"]
    check(rig, list(range(10)))


def test_a_frame_that_is_done_goes_out_before_the_next_is_begun(rig: Rig) -> None:
    # The stand-in works when somebody waits: here all of it is done as soon as it is begun.
    begin = rig.job.begin

    def begin_and_let_it_work(item: int, slot: list[Buffers]) -> None:
        begin(item, slot)
        with rig.gpu.current():
            rig.gpu.run_until(lambda: not any(stream.queue for stream in rig.gpu.streams))

    rig.job.begin = begin_and_let_it_work  # type: ignore[method-assign]
    rig.run(4)
    assert rig.job.steps == [f"{step} {item}" for item in range(4) for step in ("begin", "finish")]


@pytest.mark.parametrize("call", ["launch graph", "synchronize"])
def test_a_frame_that_the_gpu_loses_takes_none_with_it(rig: Rig, call: str) -> None:
    plain, refused = rig.gpu.call, [call]

    def call_or_refuse(name: str) -> None:
        plain(name)
        if name in refused:
            refused.clear()
            raise EngineError(f"CUDA_ERROR_STAND_IN while {name}", "a GPU that answers", "no fix")

    def refuse_next() -> None:
        rig.gpu.call = call_or_refuse  # type: ignore[method-assign]

    rig.job.fail_in[3] = refuse_next
    counts = rig.run(8)
    assert (counts.processed, counts.failed) == (7, 1)
    assert len(rig.job.lost) == 1
    check(rig, [item for item in range(8) if item not in rig.job.lost])


def test_a_frame_that_cannot_be_begun_is_lost_alone(rig: Rig) -> None:
    def refuse() -> None:
        raise EngineError("a", "b", "c")

    rig.job.fail_in[2] = refuse
    assert rig.run(6) == Counts(received=6, processed=5, failed=1)
    check(rig, [0, 1, 3, 4, 5])


def test_what_is_under_way_is_drained_before_the_engine_is_exchanged_or_closed(rig: Rig) -> None:
    queues: list[int] = []
    noted = threading.Event()

    def note() -> None:
        queues.append(sum(len(stream.queue) for stream in rig.gpu.streams))
        noted.set()

    for item in range(6):
        rig.worker.submit(item, item % 2)
    rig.job.may_begin.set()
    rig.worker.between_frames(note)
    rig.run(0)
    assert noted.wait(PATIENCE_S)
    assert queues == [0]
    check(rig, list(range(6)))
    for item in range(4):
        rig.worker.submit(item, item % 2)
    rig.worker.close()
    counts = Counts.total(rig.worker.counts)
    assert counts.received == counts.processed + counts.skipped == 10


def test_cameras_whose_frames_come_together_share_executions_of_the_engine(batch_rig: Rig) -> None:
    rig = batch_rig
    before = len(rig.engine.executions)
    assert rig.run(10) == Counts(received=10, processed=10)
    assert rig.job.steps[:2] == ["begin and 0 and 1", "begin and 2 and 3"]
    assert rig.engine.executions[before:] == [2] * 5
    check(rig, list(range(10)))


def test_an_execution_that_the_gpu_loses_costs_the_frames_that_are_in_it(batch_rig: Rig) -> None:
    rig, refused = batch_rig, ["synchronize"]
    plain = rig.gpu.call

    def call_or_refuse(name: str) -> None:
        plain(name)
        if rig.job.steps and name in refused:
            refused.clear()
            raise EngineError(f"CUDA_ERROR_STAND_IN while {name}", "a GPU that answers", "no fix")

    rig.gpu.call = call_or_refuse  # type: ignore[method-assign]
    assert rig.run(8) == Counts(received=8, processed=6, failed=2)
    assert sorted(rig.job.lost) == [0, 1]
    check(rig, list(range(2, 8)))
