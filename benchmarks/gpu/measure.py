"""Times frames on a GPU: step by step, whole, and as a stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.cuda import CudaPipeline

OUTPUTS = Outputs(color=True)
"""What is made of each frame: labels and colours."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Args:
        camera: Size of the camera's images.
        frames: Frames that are timed.
        warm_up: Frames before them.
    """

    camera: NetworkSize
    frames: int = 300
    warm_up: int = 20


Figures = dict[str, float]


def percentiles(times_ms: Sequence[float]) -> Figures:
    """The figures that stand for many times; none is left out."""
    p50, p95, p99 = np.percentile(times_ms, (50, 95, 99)).tolist()
    return {"p50": p50, "p95": p95, "p99": p99, "max": max(times_ms)}


def noise_frames(camera: NetworkSize, count: int = 4) -> list[Frame]:
    """Frames of noise, on which classes meet everywhere."""
    random = np.random.default_rng(0)
    shape = (camera.height, camera.width, 3)
    return [Frame.from_array(random.integers(0, 256, shape).astype(np.uint8)) for _ in range(count)]


def time_calls(call: Callable[[int], object], plan: Plan) -> Figures:
    """Milliseconds of a call that waits for its result.

    Args:
        call: Called with the number of the frame.
        plan: How often.
    """
    return time_in_turns({"call": call}, plan)["call"]


def time_in_turns(
    calls: Mapping[str, Callable[[int], object]], plan: Plan
) -> Mapping[str, Figures]:
    """Milliseconds of each of several calls, which take turns.

    So clocks that rise and fall, and whatever else the machine does, meet all of them alike; every
    other round goes the other way, as each may be slower behind another one.

    Args:
        calls: Each waits for its result; called with the number of the frame.
        plan: How often.
    """
    times_ms: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(-plan.warm_up, plan.frames):
        for name in calls if number % 2 else reversed(list(calls)):
            begun = time.perf_counter()
            calls[name](number)
            if number >= 0:
                times_ms[name].append((time.perf_counter() - begun) * 1e3)
    return {name: percentiles(times) for name, times in times_ms.items()}


def time_steps(pipeline: CudaPipeline, plan: Plan) -> tuple[Figures, Mapping[str, Figures]]:
    """Times of whole frames by the processor's clock, and of each step by the GPU's events."""
    frames, steps = noise_frames(plan.camera), dict[str, list[float]]()
    buffers = Buffers.allocate(plan.camera.height, plan.camera.width, OUTPUTS)

    def segment(number: int) -> None:
        pipeline.segment(frames[number % len(frames)], OUTPUTS, buffers)
        for step, took_ms in pipeline.gpu_stages_ms.items() if number >= 0 else ():
            steps.setdefault(step, []).append(took_ms)

    whole = time_calls(segment, plan)
    return whole, {step: percentiles(times) for step, times in steps.items()}


def time_stream(pipeline: CudaPipeline, plan: Plan) -> float:
    """Milliseconds for each frame of a stream of them, two being under way all the time."""
    frames = noise_frames(plan.camera)
    buffers = Buffers.allocate(plan.camera.height, plan.camera.width, OUTPUTS)
    ends = []
    pipeline.begin(frames[0], OUTPUTS, buffers)
    for number in range(1, plan.warm_up + plan.frames):
        pipeline.begin(frames[number % len(frames)], OUTPUTS, buffers)
        pipeline.finish()
        ends.append(time.perf_counter())
    pipeline.finish()
    times_ms = [(end - begin) * 1e3 for begin, end in pairwise(ends)]
    return median(times_ms[plan.warm_up :])
