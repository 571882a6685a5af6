"""The messages of one frame; their memory is written by the pipeline and used again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from segmentation_node.core.frame import Frame
from segmentation_node.core.window import Window
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.ros.conversion import ImageMessage

NOTHING_YET = Outputs(color=False)


class OutputSlot:
    """Label, colour, overlay and confidence messages, and what is known of their frame.

    A slot is written on the computing thread and read on the publishing one, never at once: the
    worker hands it from one to the other.
    """

    def __init__(self) -> None:
        self._images = {
            "labels": ImageMessage("mono8", 1),
            "color": ImageMessage("rgb8", 3),
            "overlay": ImageMessage("rgb8", 3),
            "confidence": ImageMessage("mono8", 1),
        }
        self._views: dict[str, NDArray[np.uint8]] = {}
        self.frame: Frame | None = None
        self.window = Window(0, 0, 0, 0)
        self.stages_ms: Mapping[str, float] = {}
        self.compute_ms = 0.0
        self.computed_s = 0.0

    def buffers(self, window: Window, outputs: Outputs) -> Buffers:
        """The memory that the pipeline writes to; new only where the size is.

        Args:
            window: Size of the results, and how they lie on the camera image.
            outputs: What is to be computed.
        """
        self.window = window
        wanted = {
            "labels": True,
            "color": outputs.color,
            "overlay": outputs.overlay,
            "confidence": outputs.confidence,
        }
        self._views = {
            name: image.view(window.height, window.width)
            for name, image in self._images.items()
            if wanted[name]
        }
        return Buffers(**self._views)

    def message(self, name: str) -> Image | None:
        """The message of one output; None where it was not computed."""
        return self._images[name].message if name in self._views else None

    def pixels(self, name: str) -> NDArray[np.uint8] | None:
        """(H, W) or (H, W, 3) uint8: the pixels of one output; None where it was not computed."""
        return self._views.get(name)
