"""Opens configurations beside each other, and lets each segment whole frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.turns import Run
from segmentation_node.core.frame import Frame
from segmentation_node.errors import SegmentationError
from segmentation_node.pipeline import STAGES, Buffers, Outputs, Segmenter

OUTPUTS = Outputs()
"""What is made of each frame: labels and colours, as of the node's."""


def open_all(
    wanted: Sequence[Configuration], plan: Plan, stack: ExitStack
) -> tuple[dict[Configuration, Segmenter], dict[Configuration, str]]:
    """Open configurations, and make everything whose size depends on the camera.

    Args:
        wanted: What to open.
        plan: Says the camera's size.
        stack: Closes them.

    Returns:
        Those that run, and why the others do not.
    """
    found = {one: _opened(one, plan, stack) for one in wanted}
    opened = {one: its for one, its in found.items() if isinstance(its, Segmenter)}
    return opened, {one: its for one, its in found.items() if isinstance(its, str)}


def _opened(one: Configuration, plan: Plan, stack: ExitStack) -> Segmenter | str:
    """A segmenter that is warm, or why there is none."""
    try:
        segmenter = stack.enter_context(Segmenter.load(one.model, **one.opening))
        segmenter.warm_up(plan.camera.height, plan.camera.width, OUTPUTS)
    except SegmentationError as error:
        return str(error)
    return segmenter


def whole_frames(segmenter: Segmenter, frames: Sequence[Frame]) -> Run:
    """Camera image to labels and colours, on memory that is allocated once.

    Args:
        segmenter: The network.
        frames: Camera images of one size, taken in turns.
    """
    window = segmenter.window(frames[0].height, frames[0].width)
    buffers = Buffers.allocate(window.height, window.width, OUTPUTS)

    def run(number: int) -> Mapping[str, float]:
        result = segmenter.segment(frames[number % len(frames)], OUTPUTS, buffers)
        return {stage: result.stages_ms[stage] for stage in STAGES}

    return run


def file_bytes(segmenter: Segmenter) -> dict[str, int | None]:
    """Sizes of the ONNX and of the plan that was loaded; None where the engine has no plan."""
    onnx = segmenter.model.path.stat().st_size
    return {"onnx": onnx, "plan": segmenter.plan_bytes}


def engine_kind(segmenter: Segmenter) -> str:
    """Which engine a network runs on: `tensorrt` or `openvino`."""
    return segmenter.engine_name.partition(" ")[0]
