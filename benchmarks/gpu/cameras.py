"""Times several cameras whose frames come at once: in turns, and together in one execution."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from benchmarks.gpu.measure import (
    OUTPUTS,
    Figures,
    Plan,
    noise_frames,
    time_in_turns,
)
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.pipeline.buffers import Buffers
from segmentation_node.pipeline.cuda import CudaPipeline
from segmentation_node.pipeline.gpu_family import Together

IN_TURNS, TOGETHER = "in_turns", "together"

Round = Callable[[Frame], None]
"""Answers a frame of each camera."""


def time_cameras(rounds: Mapping[str, Round], plan: Plan) -> Mapping[str, Figures]:
    """Milliseconds from the moment when every camera has a frame to the last result.

    Both ways make the same of the same frames, copies included, and take turns round by round.

    Args:
        rounds: The ways, by name: of `in_turns` and `together`.
        plan: How often.
    """
    frames = noise_frames(plan.camera)

    def answer(one: Round) -> Callable[[int], None]:
        return lambda number: one(frames[number % len(frames)])

    return time_in_turns({name: answer(one) for name, one in rounds.items()}, plan)


def in_turns(pipelines: Sequence[CudaPipeline], camera: NetworkSize) -> Round:
    """An execution for each camera.

    Two frames are under way at any time: one is copied while the other is computed.

    Args:
        pipelines: One for each camera, on the same engine.
        camera: Size of the cameras' images.
    """
    buffers = _buffers(pipelines, camera)

    def answer_all(frame: Frame) -> None:
        waiting: deque[CudaPipeline] = deque()
        for pipeline, memory in zip(pipelines, buffers, strict=True):
            pipeline.begin(frame, OUTPUTS, memory)
            waiting.append(pipeline)
            if len(waiting) == pipeline.depth:
                waiting.popleft().finish()
        while waiting:
            waiting.popleft().finish()

    return answer_all


def together(pipelines: Sequence[CudaPipeline], camera: NetworkSize) -> Round:
    """One execution for all cameras.

    Args:
        pipelines: One for each camera, on the same engine, which takes as many images.
        camera: Size of the cameras' images.
    """
    buffers = _buffers(pipelines, camera)

    def answer_all(frame: Frame) -> None:
        batch = [
            Together(pipeline, frame, OUTPUTS, memory)
            for pipeline, memory in zip(pipelines, buffers, strict=True)
        ]
        for error in filter(None, pipelines[0].begin_together(batch)):
            raise error
        for pipeline in pipelines:
            pipeline.finish()

    return answer_all


def _buffers(pipelines: Sequence[CudaPipeline], camera: NetworkSize) -> list[Buffers]:
    return [Buffers.allocate(camera.height, camera.width, OUTPUTS) for _ in pipelines]
