"""What a frame takes at a network size on this machine, measured with the engine itself."""

from __future__ import annotations

import time
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import BuildWatch
from segmentation_node.model import Model
from segmentation_node.pipeline.opening import Pipeline, open_pipeline
from segmentation_node.pipeline.view import View

FRAMES = 9
"""Frames that are timed: their median bears four that another program disturbed."""

_PATCHES = (18, 32)


class SizeTrial:
    """Times whole frames, from camera image to labels and colours, at one size after the other.

    Args:
        model: The network.
        image_size: Height and width in pixels of the camera's images.
        view: What is seen of them, and what the results look like.
        engine: As for `open_engine`.
        precision: As for `open_engine`.
        watch: As for `open_engine`.
        mapped: As for `open_pipeline`.
    """

    def __init__(
        self,
        model: Model,
        image_size: tuple[int, int],
        view: View,
        engine: str = "auto",
        precision: str = "auto",
        watch: BuildWatch | None = None,
        mapped: bool | None = None,
    ) -> None:
        self._model = model
        self._view = view
        self._engine = engine
        self._precision = precision
        self._watch = watch
        self._mapped = mapped
        self._frame = Frame.from_array(patches(*view.image_to_hold(*image_size)))

    def __call__(self, size: NetworkSize) -> float:
        """Open the network at a size, warm it up and time it; it is closed again.

        Args:
            size: Size of the network's input.

        Returns:
            The median time of a frame, milliseconds.

        Raises:
            EngineError: No engine can run it as asked.
            ModelError: The network is damaged, or cannot run at that size.
        """
        opened = open_pipeline(
            self._model,
            engine=self._engine,
            precision=self._precision,
            size=size,
            view=self._view,
            watch=self._watch,
            mapped=self._mapped,
        )
        with opened as pipeline:
            pipeline.warm_up(self._frame.height, self._frame.width)
            return median(self._frame_ms(pipeline) for _ in range(FRAMES))

    def _frame_ms(self, pipeline: Pipeline) -> float:
        begun = time.perf_counter()
        pipeline.segment(self._frame)
        return (time.perf_counter() - begun) * 1e3


def patches(height: int, width: int) -> NDArray[np.uint8]:
    """Draw patches of colour: labels take longer where classes meet, and grey has one class.

    Args:
        height: Pixels.
        width: Pixels.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    colors = np.random.default_rng(0).integers(0, 256, (*_PATCHES, 3)).astype(np.uint8)
    image: NDArray[np.uint8] = np.empty((height, width, 3), np.uint8)
    cv2.resize(colors, (width, height), dst=image, interpolation=cv2.INTER_NEAREST)
    return image
