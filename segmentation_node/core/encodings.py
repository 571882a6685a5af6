"""The image encodings: one row each in one table, and their conversion to BGR.

Names and meanings are those of ROS (sensor_msgs/image_encodings.hpp), conversions those of
cv_bridge (cv_bridge.cpp: getConversionCodes, toCvCopyImpl), so that a picture looks here as it
does in any other ROS tool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import FrameError

if TYPE_CHECKING:
    from segmentation_node.core.frame import Frame

ToBgr = Callable[["Frame"], NDArray[np.uint8]]


@dataclass(frozen=True)
class Encoding:
    """How one encoding lies in memory, and how it becomes BGR.

    Args:
        name: The name in `sensor_msgs/Image.encoding`.
        channels: Values per pixel (of the first plane, where there are two).
        item_bytes: Bytes per value.
        code: OpenCV's conversion code to BGR; None where the pixels are BGR already.
        two_planes: Whether rows of shared colour follow the rows of brightness (4:2:0).
        even_width: Whether colour is shared between pairs of columns.
        mosaic: Whether each pixel holds one of three colours (a Bayer pattern).
    """

    name: str
    channels: int
    code: int | None
    item_bytes: int = 1
    two_planes: bool = False
    even_width: bool = False
    mosaic: bool = False

    def rows(self, height: int) -> int:
        """Rows of `step` bytes that an image of `height` pixels takes."""
        return height + height // 2 if self.two_planes else height

    def row_bytes(self, width: int) -> int:
        """Bytes of a row of `width` pixels, without the padding at its end."""
        return width * self.channels * self.item_bytes


def _packed(name: str, channels: int, code: int | None) -> Encoding:
    return Encoding(name, channels, code)


def _bayer(name: str, code: int) -> Encoding:
    return Encoding(name, 1, code, mosaic=True)


def _yuv422(name: str, code: int) -> Encoding:
    return Encoding(name, 2, code, even_width=True)


def _yuv420(name: str, code: int) -> Encoding:
    return Encoding(name, 1, code, two_planes=True, even_width=True)


_TABLE = (
    _packed("bgr8", 3, None),
    _packed("rgb8", 3, cv2.COLOR_RGB2BGR),
    _packed("bgra8", 4, cv2.COLOR_BGRA2BGR),
    _packed("rgba8", 4, cv2.COLOR_RGBA2BGR),
    _packed("mono8", 1, cv2.COLOR_GRAY2BGR),
    Encoding("mono16", 1, cv2.COLOR_GRAY2BGR, item_bytes=2),
    # cv_bridge will not turn these two into colours, as they do not say what they hold. Drivers
    # that send them send grey and BGR, OpenCV's own order.
    _packed("8UC1", 1, cv2.COLOR_GRAY2BGR),
    _packed("8UC3", 3, None),
    # ROS names the first pixels of the first two rows; OpenCV names the second row's second and
    # third pixel: what is rggb to one is BG to the other.
    _bayer("bayer_rggb8", cv2.COLOR_BayerBG2BGR),
    _bayer("bayer_bggr8", cv2.COLOR_BayerRG2BGR),
    _bayer("bayer_gbrg8", cv2.COLOR_BayerGR2BGR),
    _bayer("bayer_grbg8", cv2.COLOR_BayerGB2BGR),
    # Each pair has a new name and the deprecated one that drivers still use.
    _yuv422("uyvy", cv2.COLOR_YUV2BGR_UYVY),
    _yuv422("yuv422", cv2.COLOR_YUV2BGR_UYVY),
    _yuv422("yuyv", cv2.COLOR_YUV2BGR_YUY2),
    _yuv422("yuv422_yuy2", cv2.COLOR_YUV2BGR_YUY2),
    # step is a row of the Y plane, and the UV plane has half as many rows of the same step:
    # sensor_msgs' getHeightScaling is 1.5 for both.
    _yuv420("nv12", cv2.COLOR_YUV2BGR_NV12),
    _yuv420("nv21", cv2.COLOR_YUV2BGR_NV21),
)

ENCODINGS: Mapping[str, Encoding] = MappingProxyType({row.name: row for row in _TABLE})
"""Every encoding that is read here, by its ROS name."""

_fallback: list[ToBgr] = []


def set_fallback(convert: ToBgr | None) -> None:
    """Name the converter for encodings outside the table, such as one made from cv_bridge.

    Args:
        convert: Takes a frame whose array is (H, step) uint8, the bytes of its rows, and returns
            (H, W, 3) uint8 BGR. What it raises becomes a FrameError. None takes it away again.
    """
    _fallback[:] = [] if convert is None else [convert]


def find_encoding(name: str) -> Encoding | None:
    """The row of an encoding, or None where only the fallback may know it.

    Raises:
        FrameError: The encoding is not in the table, and there is no fallback.
    """
    row = ENCODINGS.get(name)
    if row is None and not _fallback:
        raise FrameError(
            received=f"an image with the encoding {name!r}",
            expected="one of " + ", ".join(ENCODINGS),
            fix="set the camera driver to one of them, or install cv_bridge, which knows more",
        )
    return row


def to_bgr(frame: Frame, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Convert a frame to BGR.

    Args:
        frame: The frame.
        out: (H, W, 3) uint8 to write to, or None.

    Returns:
        (H, W, 3) uint8 BGR: `out` where it is given; else the frame's own view where its pixels
        are BGR already (nothing is copied), and a new array where they are not.

    Raises:
        FrameError: The fallback cannot convert the frame, or `out` does not fit it.
    """
    _check_out(frame, out)
    row = find_encoding(frame.encoding)
    if row is None:
        return _into(_by_fallback(frame), out)
    if row.code is None:
        return _into(frame.array, out)
    pixels = eight_bits(frame.array) if row.item_bytes == 2 else frame.array
    # OpenCV writes to rows that lie apart, but not to pixels or channels that do.
    dst = out if out is not None and out.strides[1:] == (3, 1) else None
    return _into(cv2.cvtColor(pixels, row.code, dst=dst), out)


def eight_bits(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Scale samples of sixteen bits to eight, as cv_bridge does.

    Args:
        pixels: (H, W) or (H, W, C) uint16.

    Returns:
        The same shape, uint8, of its own memory.
    """
    # cv_bridge scales by 255/65535 and rounds (Mat::convertTo, which is this without the Abs).
    # Rows an odd number of bytes apart are refused by OpenCV 4 and misread by OpenCV 5.
    native = np.require(pixels, np.uint16, ["C", "ALIGNED"])
    return np.asarray(cv2.convertScaleAbs(native, alpha=255 / 65535), np.uint8)


def _by_fallback(frame: Frame) -> NDArray[np.uint8]:
    try:
        bgr = np.asarray(_fallback[0](frame))
    # It is someone else's code, and whatever it raises, the frame is what is bad.
    except Exception as error:
        raise _not_converted(frame, str(error) or type(error).__name__) from error
    if bgr.shape != (frame.height, frame.width, 3) or bgr.dtype != np.uint8:
        raise _not_converted(frame, f"it gave {bgr.dtype} {bgr.shape}")
    return bgr


def _not_converted(frame: Frame, reason: str) -> FrameError:
    return FrameError(
        received=f"an image with the encoding {frame.encoding!r}, which the fallback could not "
        f"convert ({' '.join(reason.split())})",
        expected="one of " + ", ".join(ENCODINGS) + ", or one that converts to bgr8",
        fix="set the camera driver to one of them",
    )


def _check_out(frame: Frame, out: NDArray[np.uint8] | None) -> None:
    shape = (frame.height, frame.width, 3)
    if out is not None and (out.shape != shape or out.dtype != np.uint8):
        raise FrameError(
            received=f"an output array of {out.dtype} {out.shape}",
            expected=f"uint8 {shape}",
            fix="allocate the output for this image size",
        )


def _into(bgr: NDArray[Any], out: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    if out is None:
        return bgr
    if bgr is not out:
        # OpenCV returns the array it was given, or a new one where it could not write to it.
        np.copyto(out, bgr)
    return out
