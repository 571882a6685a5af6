from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import EngineError, FixedBatchError
from segmentation_node.pipeline import CudaPipeline

pytest.importorskip("torch", reason="torch is not installed")

from benchmarks.gpu import cameras, run
from benchmarks.gpu.measure import OUTPUTS, Plan, noise_frames

MakePipeline = Callable[..., CudaPipeline]

CAMERA = NetworkSize(20, 30)
PLAN = Plan(CAMERA, frames=3, warm_up=5)


def beside(pipeline: CudaPipeline, count: int) -> list[CudaPipeline]:
    return [pipeline, *(pipeline.beside() for _ in range(count - 1))]


def executions(pipeline: CudaPipeline) -> list[int]:
    engine: Any = pipeline.engine
    return list(engine.executions)


class Watched:
    """A pipeline that notes what it is asked."""

    depth = 2

    def __init__(self, number: int, inner: CudaPipeline, asked: list[tuple[int, str]]) -> None:
        self._number, self._inner, self._asked = number, inner, asked

    def begin(self, *arguments: Any) -> None:
        self._asked.append((self._number, "begin"))
        self._inner.begin(*arguments)

    def finish(self) -> object:
        self._asked.append((self._number, "finish"))
        return self._inner.finish()


def test_in_turns_two_frames_are_under_way(pipeline: CudaPipeline) -> None:
    asked: list[tuple[int, str]] = []
    watched: Any = [Watched(n, one, asked) for n, one in enumerate(beside(pipeline, 3))]
    cameras.in_turns(watched, CAMERA)(noise_frames(CAMERA, 1)[0])
    assert asked == [
        *((0, "begin"), (1, "begin"), (0, "finish"), (2, "begin"), (1, "finish"), (2, "finish")),
    ]
    assert executions(pipeline) == [1, 1, 1]


def test_both_ways_make_the_same_results(
    make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    single, batched = make_pipeline(), make_pipeline(batch=3)
    made: list[Any] = []
    plain = cameras._buffers

    def noted(*arguments: Any) -> list[Any]:
        made.append(plain(*arguments))
        return list(made[-1])

    monkeypatch.setattr(cameras, "_buffers", noted)
    ways = (
        cameras.in_turns(beside(single, 3), CAMERA),
        cameras.together(beside(batched, 3), CAMERA),
    )
    for frame in noise_frames(CAMERA):
        for answer in ways:
            answer(frame)
        wanted = single.segment(frame, OUTPUTS)
        for buffers in (one for way in made for one in way):
            assert (buffers.labels == wanted.labels).all()
            assert (buffers.color == wanted.color).all()
    assert executions(batched) == [3] * 4


def test_the_ways_alternate_and_both_are_timed() -> None:
    asked: list[str] = []

    def way(name: str) -> Callable[[Frame], None]:
        return lambda _: asked.append(name)

    times = cameras.time_cameras({"in_turns": way("turns"), "together": way("batch")}, PLAN)
    assert set(times) == {cameras.IN_TURNS, cameras.TOGETHER}
    assert len(asked) == 2 * (PLAN.frames + PLAN.warm_up)
    assert all(set(asked[n : n + 2]) == {"turns", "batch"} for n in range(0, len(asked), 2))


def test_what_cannot_be_begun_ends_the_measurement(make_pipeline: MakePipeline) -> None:
    pipelines = beside(make_pipeline(batch=1), 2)
    with pytest.raises(EngineError, match="at most 1, each of another camera"):
        cameras.together(pipelines, CAMERA)(noise_frames(CAMERA, 1)[0])
    batched = beside(make_pipeline(batch=2), 2)
    batched[1].begin(noise_frames(CAMERA, 1)[0])
    batched[1].begin(noise_frames(CAMERA, 1)[0])
    with pytest.raises(EngineError, match="another frame while 2 are under way"):
        cameras.together(batched, CAMERA)(noise_frames(CAMERA, 1)[0])


@pytest.fixture
def opened(make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Opens stand-ins for the benchmark, of up to two images; the batches that were asked for."""
    asked: list[int] = []

    @contextmanager
    def open_stand_in(*_: object, batch: int) -> Iterator[CudaPipeline]:
        asked.append(batch)
        if batch > 2:
            raise FixedBatchError(f"a batch of {batch}", "one of 2", "export it for more")
        yield make_pipeline(batch)

    monkeypatch.setattr(run, "opened", open_stand_in)
    return asked


def test_each_number_of_cameras_has_an_engine_for_as_many(
    opened: list[int], pipeline: CudaPipeline
) -> None:
    told: list[str] = []
    settings = run.Settings("small", None, "torch", "fp32", False, PLAN)
    model = pipeline.engine.model
    figures = dict(run._cameras(pipeline, settings, model, told.append))
    assert opened == [1, 2, 4]
    assert [(count, set(times)) for count, times in figures.items()] == [
        ("1", {"in_turns", "together"}),
        ("2", {"in_turns", "together"}),
        # A network that takes no four images is timed in turns, and the benchmark goes on.
        ("4", {"in_turns"}),
    ]
    assert told[-1].startswith("4 cameras in turns alone: received a batch of 4")
