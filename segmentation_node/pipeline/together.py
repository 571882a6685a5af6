"""Frames of several cameras in one execution of the engine that they share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.cuda import CudaPipeline
from segmentation_node.pipeline.gpu_camera import SLOTS
from segmentation_node.pipeline.gpu_family import Together
from segmentation_node.pipeline.segmenter import Segmenter

Piece = tuple[Segmenter, Frame, Outputs, "Buffers | None"]
"""A camera's segmenter, its frame, what to make besides the labels, and the memory for it."""


def begin_together(pieces: Sequence[Piece]) -> list[Exception | None]:
    """Begin frames of several cameras as one execution; `Segmenter.finish` gives each result.

    Args:
        pieces: One of each camera, up to `Segmenter.batch`, of segmenters beside each other.

    Returns:
        For each why it was not begun; None where it was. A frame that cannot be read keeps no other
        one from being begun.

    Raises:
        EngineError: A segmenter is closed, the engine does not take as many frames, or those that
            were begun before are not finished.
    """
    with ExitStack() as held:
        frames = [
            Together(_on_gpu(held, segmenter), frame, outputs, into)
            for segmenter, frame, outputs, into in pieces
        ]
        return frames[0].member.begin_together(frames) if frames else []


def warm_up_together(segmenters: Sequence[Segmenter], sizes: Sequence[tuple[int, int]]) -> None:
    """Segment grey images in one execution, so that the first real ones find everything in place.

    Args:
        segmenters: Beside each other, one of each camera.
        sizes: Height and width in pixels of the images to come, of each camera.

    Raises:
        EngineError: As `begin_together`, and `finish`; no frame is under way then.
    """
    with ExitStack() as held:
        pipelines = [_on_gpu(held, segmenter) for segmenter in segmenters]
        frames = [
            Together(one, one.cameras.grey(*size))
            for one, size in zip(pipelines, sizes, strict=True)
        ]
        # An engine makes itself ready for each number of images, and a camera may be missing.
        for count in range(2, len(frames) + 1):
            _answer(pipelines[:count], frames[:count])


def _answer(pipelines: Sequence[CudaPipeline], frames: Sequence[Together]) -> None:
    # In each of the executions they are enqueued plainly, and the next time captured.
    for _ in range(2 * SLOTS):
        errors = pipelines[0].begin_together(frames)
        with ExitStack() as finishing:
            for pipeline, error in zip(pipelines, errors, strict=True):
                if error is None:
                    # Whatever becomes of the others: its next result would be of this frame.
                    finishing.callback(pipeline.finish)
        for error in filter(None, errors):
            raise error


def _on_gpu(held: ExitStack, segmenter: Segmenter) -> CudaPipeline:
    pipeline = held.enter_context(segmenter.exclusive())
    if isinstance(pipeline, CudaPipeline):
        return pipeline
    raise EngineError(
        received="frames of several cameras at a time on the processor",
        expected="one frame at a time there",
        fix="begin them one after the other",
    )
