"""How images lie in GPU memory, as the kernels are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from segmentation_node.core.encodings import find_encoding
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError

IMAGE = np.dtype(
    [("data", "u8"), ("step", "i8"), ("height", "i4"), ("width", "i4"), ("variant", "i4")],
    align=True,
)
"""struct Image of kernels/pixels.cuh."""

LAYOUTS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "bgr8": ("Packed3", 0),
        "8UC3": ("Packed3", 0),
        "rgb8": ("Packed3", 1),
        "bgra8": ("Packed4", 0),
        "rgba8": ("Packed4", 1),
        "mono8": ("Mono8", 0),
        "8UC1": ("Mono8", 0),
        "8UC4": ("Packed4", 0),
        "mono16": ("Mono16", 0),
        "16UC1": ("Mono16", 0),
        "bayer_rggb8": ("Bayer", 0),
        "bayer_grbg8": ("Bayer", 1),
        "bayer_gbrg8": ("Bayer", 2),
        "bayer_bggr8": ("Bayer", 3),
        "uyvy": ("Yuv422", 0),
        "yuv422": ("Yuv422", 0),
        "yuyv": ("Yuv422", 1),
        "yuv422_yuy2": ("Yuv422", 1),
        "nv12": ("Yuv420", 0),
        "nv21": ("Yuv420", 1),
    }
)
"""The struct of kernels/pixels.cuh that reads each encoding, and its variant.

What is not here comes to the GPU as bgr8, converted by the processor.
"""


ImageValues = tuple[int, int, int, int, int]


class ImageLayout(Protocol):
    """How an image lies in memory, as a kernel is told."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def layout(self) -> str:
        """The struct of kernels/pixels.cuh that reads its pixels."""

    @property
    def values(self) -> ImageValues:
        """Values of IMAGE; the address of the data, which comes with each image, is 0."""


@dataclass(frozen=True)
class CameraImage:
    """What images of one camera have in common; made from one of its frames.

    Args:
        encoding: Its name in ROS.
        height: Pixels.
        width: Pixels.
        step: Bytes from one row to the next.
        is_bigendian: Byte order of 16-bit values.

    Raises:
        FrameError: The kernels do not read the encoding.
    """

    encoding: str
    height: int
    width: int
    step: int
    is_bigendian: bool = False

    def __post_init__(self) -> None:
        if self.encoding not in LAYOUTS:
            raise FrameError(
                received=f"an image with the encoding {self.encoding!r} for the GPU",
                expected="one of " + ", ".join(LAYOUTS),
                fix="set the camera driver to one of them, or convert the image to bgr8 first",
            )

    @classmethod
    def of(cls, frame: Frame) -> CameraImage:
        """Take the layout of a frame, whose bytes will be copied to the GPU as they are.

        Raises:
            FrameError: The kernels do not read the encoding, or the frame's pixels do not lie side
                by side in rows that follow one another.
        """
        image = cls(frame.encoding, frame.height, frame.width, frame.step, frame.is_bigendian)
        least = find_encoding(frame.encoding).row_bytes(frame.width)
        if not frame.array[:1].flags.c_contiguous or (frame.step < least and frame.height > 1):
            raise FrameError(
                received=f"an array with strides of {frame.array.strides} bytes for the GPU",
                expected="pixels side by side, in rows that follow one another",
                fix="make it so with numpy.ascontiguousarray",
            )
        return image

    @property
    def layout(self) -> str:
        """The struct that reads its pixels."""
        return LAYOUTS[self.encoding][0]

    @property
    def variant(self) -> int:
        """Which of the encodings that share the layout."""
        if self.layout == "Mono16":
            return int(self.is_bigendian)
        return LAYOUTS[self.encoding][1]

    @property
    def values(self) -> ImageValues:
        """Values of IMAGE; the address of the data, which comes with each image, is 0."""
        return (0, self.step, self.height, self.width, self.variant)


@dataclass(frozen=True)
class PlanarImage:
    """A part of what `Preprocess` writes as FP32 with a mean of 0 and a standard deviation of 1.

    Args:
        height: Pixels of the part.
        width: Pixels of the part.
        row: Pixels from one row to the next.
        plane: Pixels from the blue plane to the green one, and from there to the red one.
    """

    height: int
    width: int
    row: int
    plane: int
    layout: str = "Planes"

    @property
    def values(self) -> ImageValues:
        """Values of IMAGE; the address of the data, which comes with each image, is 0."""
        return (0, 4 * self.row, self.height, self.width, self.plane)
