"""Frames of several cameras in one execution of the engine that they share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from segmentation_node.core.frame import Frame
from segmentation_node.errors import EngineError, FrameError
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
        sizes: Height and width in pixels of the images to come.

    Raises:
        EngineError: As `begin_together`, and `finish`.
    """
    grey = [Frame.from_array(np.full((*size, 3), 127, np.uint8)) for size in sizes]
    pieces = [(one, frame, Outputs(), None) for one, frame in zip(segmenters, grey, strict=True)]
    # In each of the executions they are enqueued plainly, and the next time captured.
    for _ in range(2 * SLOTS):
        for segmenter, error in zip(segmenters, begin_together(pieces), strict=True):
            if error is None:
                segmenter.finish()
            elif not isinstance(error, FrameError):
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
