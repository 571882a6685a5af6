"""Launches the kernel that turns camera images into the network's input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.geometry import Fit
from segmentation_node.core.preprocess import InputValues
from segmentation_node.cuda.camera_image import IMAGE, CameraImage, ImageLayout
from segmentation_node.cuda.driver import BLOCK, Driver, KernelSource, grid_for
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.tables import taps
from segmentation_node.errors import FrameError

ARGUMENTS = np.dtype(
    [
        ("image", IMAGE),
        ("output", "u8"),
        ("rows", "u8"),
        ("columns", "u8"),
        ("height", "i4"),
        ("width", "i4"),
        ("pad", "i4", 3),
        ("plane", "i4", 3),
        ("mean", "f4", 3),
        ("std", "f4", 3),
    ],
    align=True,
)
"""struct PreprocessArgs of kernels/preprocess.cu."""


def arguments_for(image: CameraImage, fit: Fit, values: InputValues) -> NDArray[np.void]:
    """What the kernel is told, apart from addresses.

    Args:
        image: Layout of the camera's images.
        fit: How they are fitted.
        values: Mean, std, channel order and padding.

    Returns:
        () ARGUMENTS.

    Raises:
        FrameError: The images are of another size than they were fitted for.
    """
    check_size(image, fit)
    arguments = np.zeros((), ARGUMENTS)
    arguments["image"] = image.values
    arguments["height"], arguments["width"] = fit.network.height, fit.network.width
    arguments["pad"] = values.pad_bgr
    # The kernel works in blue, green, red; the network's means are in the network's order.
    plane = (2, 1, 0) if values.order == "rgb" else (0, 1, 2)
    arguments["plane"] = plane
    arguments["mean"] = [values.mean[channel] for channel in plane]
    arguments["std"] = [values.std[channel] for channel in plane]
    return arguments


def check_size(image: ImageLayout, fit: Fit) -> None:
    """Check that images are of the size that they were fitted for.

    Raises:
        FrameError: They are not.
    """
    if (image.height, image.width) != (fit.image_height, fit.image_width):
        raise FrameError(
            received=f"an image of {image.height}x{image.width} pixels",
            expected=f"{fit.image_height}x{fit.image_width}, as it was fitted for",
            fix="make a new fit when the camera's size changes",
        )


class Preprocess:
    """Turns images of one kind into the network's input, one kernel launch each.

    Args:
        driver: CUDA; its context is current.
        image: Layout of the camera's images.
        fit: How they are fitted.
        values: Mean, std, channel order and padding.
        precision: Type of the network's input, `fp32` or `fp16`.

    Raises:
        FrameError: The images are of another size than they were fitted for.
        EngineError: The kernel cannot be compiled or loaded, or CUDA refuses.
    """

    def __init__(
        self, driver: Driver, image: CameraImage, fit: Fit, values: InputValues, precision: str
    ) -> None:
        self._arguments = arguments_for(image, fit, values)
        self._kernel = driver.kernel(KernelSource("preprocess", image.layout, precision))
        self._grid = grid_for(fit.network.height, fit.network.width)
        with Owned() as owned:
            for name, table in zip(("rows", "columns"), taps(fit), strict=True):
                self._arguments[name] = int(owned.keep(driver.upload(table)))
            self._owned = owned.pop_all()

    def __call__(self, image: int, output: int, stream: Any) -> None:
        """Launch the kernel and return at once.

        Args:
            image: Address of the image's first row, in memory of the GPU.
            output: Address of the network's input: (3, h, w) of the precision.
            stream: The stream in whose order it runs.

        Raises:
            EngineError: CUDA refuses.
        """
        self._arguments["image"]["data"] = image
        self._arguments["output"] = output
        self._kernel(self._grid, BLOCK, stream, self._arguments.tobytes())

    def free(self) -> None:
        """Free the tables; freeing twice does nothing."""
        self._owned.close()
