"""Launches the kernel that turns logits into label, colour, overlay and confidence images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.class_map import ChannelIds
from segmentation_node.core.geometry import Fit
from segmentation_node.core.postprocess import check_channels
from segmentation_node.cuda.camera_image import IMAGE, ImageLayout
from segmentation_node.cuda.driver import BLOCK, Driver, KernelSource, grid_for
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.preprocess import check_size
from segmentation_node.cuda.tables import samples
from segmentation_node.errors import ConfigError

ARGUMENTS = np.dtype(
    [
        ("image", IMAGE),
        ("logits", "u8"),
        ("rows", "u8"),
        ("columns", "u8"),
        ("ids", "u8"),
        ("palette", "u8"),
        ("labels", "u8"),
        ("color", "u8"),
        ("overlay", "u8"),
        ("confidence", "u8"),
        ("channels", "i4"),
        ("logits_height", "i4"),
        ("logits_width", "i4"),
        ("height", "i4"),
        ("width", "i4"),
        ("unknown", "i4"),
        ("alpha", "f4"),
        ("temperature", "f4"),
    ],
    align=True,
)
"""struct PostprocessArgs of kernels/postprocess.cu."""

_NO_IMAGE = "Packed3"
"""The layout that the kernel is compiled for where no overlay is wanted, and none is read."""


@dataclass(frozen=True)
class Results:
    """Addresses of what is written, in memory of the GPU; 0 where it is not wanted.

    Args:
        labels: (H, W) uint8 label ids.
        color: (H, W, 3) uint8 RGB.
        overlay: (H, W, 3) uint8 RGB.
        confidence: (H, W) uint8.
    """

    labels: int
    color: int = 0
    overlay: int = 0
    confidence: int = 0


def arguments_for(
    fit: Fit,
    logits_shape: tuple[int, int, int],
    labels: ChannelIds,
    temperature: float,
    image: ImageLayout | None = None,
) -> NDArray[np.void]:
    """What the kernel is told, apart from addresses.

    Args:
        fit: How the images are fitted; its image is of the results' size.
        logits_shape: (C, h, w) of the network's output.
        labels: What the channels mean.
        temperature: Divides the logits before the softmax.
        image: Layout of the image under the overlay.

    Returns:
        () ARGUMENTS.

    Raises:
        ModelError: The logits have another number of channels than there are classes.
        FrameError: The image under the overlay is of another size than the results.
    """
    check_channels(np.broadcast_to(np.float32(0), logits_shape), labels)
    arguments = np.zeros((), ARGUMENTS)
    if image is not None:
        check_size(image, fit)
        arguments["image"] = image.values
    for name, value in zip(
        ("channels", "logits_height", "logits_width"), logits_shape, strict=True
    ):
        arguments[name] = value
    arguments["height"], arguments["width"] = fit.image_height, fit.image_width
    arguments["unknown"] = labels.ignore_id
    arguments["temperature"] = temperature
    return arguments


class Postprocess:
    """Turns logits of one shape into images of one size, one kernel launch each.

    Args:
        driver: CUDA; its context is current.
        fit: How the images are fitted; its image is of the results' size.
        logits_shape: (C, h, w) of the network's output.
        labels: What the channels mean.
        palette: (256, 3) uint8 RGB, by label id.
        precision: Type of the logits, `fp32` or `fp16`.
        temperature: Divides the logits before the softmax.
        image: Layout of the image under the overlay; None where no overlay is ever wanted.

    Raises:
        ModelError: The logits have another number of channels than there are classes.
        FrameError: The image under the overlay is of another size than the results.
        EngineError: The kernel cannot be compiled or loaded, or CUDA refuses.
    """

    def __init__(
        self,
        driver: Driver,
        fit: Fit,
        logits_shape: tuple[int, int, int],
        labels: ChannelIds,
        palette: NDArray[np.uint8],
        precision: str,
        temperature: float = 1.0,
        image: ImageLayout | None = None,
    ) -> None:
        self._arguments = arguments_for(fit, logits_shape, labels, temperature, image)
        self._has_image = image is not None
        layout = _NO_IMAGE if image is None else image.layout
        self._kernel = driver.kernel(KernelSource("postprocess", layout, precision))
        self._grid = grid_for(fit.image_height, fit.image_width)
        rows, columns = samples(fit, *logits_shape[1:])
        tables = {"rows": rows, "columns": columns, "ids": labels.id_of_channel, "palette": palette}
        with Owned() as owned:
            for name, table in tables.items():
                self._arguments[name] = int(owned.keep(driver.upload(table)))
            self._owned = owned.pop_all()

    def __call__(
        self, logits: int, results: Results, stream: Any, image: int = 0, alpha: float = 0.5
    ) -> None:
        """Launch the kernel and return at once.

        Args:
            logits: Address of the network's output: (C, h, w) of the precision.
            results: Where to write what.
            stream: The stream in whose order it runs.
            image: Address of the camera image's first row, where an overlay is wanted.
            alpha: 0 shows the image alone in the overlay, 1 the colours alone.

        Raises:
            ConfigError: An overlay is wanted without an image to lay it over.
            EngineError: CUDA refuses.
        """
        if results.overlay and not (self._has_image and image):
            raise ConfigError(
                received="an overlay that is wanted without a camera image",
                expected="the image's layout and its address",
                fix="give both, or leave the overlay out",
            )
        arguments = self._arguments
        arguments["image"]["data"], arguments["logits"] = image, logits
        arguments["labels"], arguments["color"] = results.labels, results.color
        arguments["overlay"], arguments["confidence"] = results.overlay, results.confidence
        arguments["alpha"] = alpha
        self._kernel(self._grid, BLOCK, stream, arguments.tobytes())

    def free(self) -> None:
        """Free the tables; freeing twice does nothing."""
        self._owned.close()
