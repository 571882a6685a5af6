"""What a pipeline keeps for camera images of one size and encoding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.fast_confidence import FastConfidence
from segmentation_node.core.fast_postprocess import FastLabels, colorize_into, overlay_into
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.preprocess import resize_canvas
from segmentation_node.core.scratch import Scratch
from segmentation_node.core.window import Window
from segmentation_node.model import Model
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.view import View

Kind = tuple[int, int, str]
"""Height and width in pixels, and encoding."""


class Stream:
    """Brings images of one kind to the network, and its logits back to the result's size.

    Args:
        model: The network.
        kind: Size and encoding of the images.
        network: Size of the network's input.
        view: What is seen of the images, and what its results look like.

    Raises:
        FrameError: The images do not hold the region that is to be seen.
    """

    def __init__(self, model: Model, kind: Kind, network: NetworkSize, view: View) -> None:
        self.kind = kind
        self._model = model
        fitted = view.fit(model.input.fit, kind[0], kind[1], network)
        self.fit = replace(fitted, align_corners=model.align_corners)
        self._result = view.of_result(self.fit)
        self.window = Window.of(self.fit, self._result)
        rows, columns = network.height // model.stride, network.width // model.stride
        shape = (model.labels.num_classes, rows, columns)
        self.labels = FastLabels(self._result, shape, view.channel_ids(model.labels))
        self._confidence = FastConfidence(self._result, shape)
        self._palette = view.labels(model.labels).palette()
        encoding = ENCODINGS.get(kind[2])
        self._is_bgr = encoding is not None and encoding.is_bgr
        self._canvas = self._padding()
        self._scratch = Scratch()

    def fill(self, frame: Frame, network_input: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bring a frame to the network's input.

        Args:
            frame: The camera image.
            network_input: (h, w, 3) uint8 BGR, written to.

        Returns:
            (H, W, 3) uint8 BGR: the image as the result shows it (that of the camera, or of the
            network's input), valid until the next call.
        """
        height, width, _ = self.kind
        out = None if self._is_bgr else self._scratch.get("bgr", (height, width, 3), np.uint8)
        bgr = to_bgr(frame, out)
        if self._canvas is None:
            canvas = bgr[self.fit.image_part]
        else:
            canvas = self._canvas
            canvas[self.fit.canvas_part] = bgr[self.fit.image_part]
        resize_canvas(canvas, self.fit, network_input)
        return bgr if self._result is self.fit else network_input[self._result.canvas_part]

    def finish(
        self,
        logits: NDArray[np.float32],
        bgr: NDArray[np.uint8],
        outputs: Outputs,
        buffers: Buffers,
    ) -> None:
        """Write what is wanted.

        Args:
            logits: (C, h, w) float32, C-contiguous.
            bgr: (H, W, 3) uint8 BGR, from `fill`.
            outputs: What is wanted besides the labels.
            buffers: Written to; checked to fit.
        """
        self.labels(logits, buffers.labels)
        if outputs.color or outputs.overlay:
            color = buffers.color if outputs.color else None
            if color is None:
                color = self._scratch.get("color", bgr.shape, np.uint8)
            colorize_into(buffers.labels, self._palette, color)
            if outputs.overlay and buffers.overlay is not None:
                overlay_into(bgr, color, outputs.alpha, buffers.overlay)
        if outputs.confidence and buffers.confidence is not None:
            self._confidence(logits, buffers.confidence, self._model.temperature)

    def _padding(self) -> NDArray[np.uint8] | None:
        """Make a canvas of padding alone, once, where there is any."""
        if not self.fit.is_padded:
            return None
        canvas = np.empty((self.fit.canvas_height, self.fit.canvas_width, 3), np.uint8)
        canvas[:] = self._model.input.pad_bgr
        return canvas
