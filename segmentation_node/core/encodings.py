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

from segmentation_node.errors import FrameError, nearest

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
        is_420: Whether rows of colour follow the rows of brightness, half as many bytes: each
            colour is shared by a block of 2x2 pixels.
        even_width: Whether colour is shared between pairs of columns.
        mosaic: Whether each pixel holds one of three colours (a Bayer pattern).
        planes: `i420` or `nv24` where colour lies in rows of another length than brightness (half
            of it, or twice); empty where it does not.
    """

    name: str
    channels: int
    code: int | None
    item_bytes: int = 1
    is_420: bool = False
    even_width: bool = False
    mosaic: bool = False
    planes: str = ""

    @property
    def is_bgr(self) -> bool:
        """Whether the bytes are BGR already."""
        return self.code is None and self.item_bytes == 1 and not self.planes

    def rows(self, height: int) -> int:
        """Rows of `step` bytes that an image of `height` pixels takes."""
        if self.planes == "nv24":
            return 3 * height
        return height + height // 2 if self.is_420 else height

    def height(self, rows: int) -> int:
        """Pixels of an image that takes so many rows of `step` bytes."""
        if self.planes == "nv24":
            return rows // 3
        return rows * 2 // 3 if self.is_420 else rows

    def row_bytes(self, width: int) -> int:
        """Bytes of a row of `width` pixels, without the padding at its end."""
        return width * self.channels * self.item_bytes


def _packed(name: str, channels: int, code: int | None, item_bytes: int = 1) -> Encoding:
    return Encoding(name, channels, code, item_bytes)


def _bayer(name: str, code: int, item_bytes: int = 1) -> Encoding:
    return Encoding(name, 1, code, item_bytes, mosaic=True)


def _yuv422(name: str, code: int) -> Encoding:
    return Encoding(name, 2, code, even_width=True)


def _yuv420(name: str, code: int) -> Encoding:
    return Encoding(name, 1, code, is_420=True, even_width=True)


_TABLE = (
    _packed("bgr8", 3, None),
    _packed("rgb8", 3, cv2.COLOR_RGB2BGR),
    _packed("bgra8", 4, cv2.COLOR_BGRA2BGR),
    _packed("rgba8", 4, cv2.COLOR_RGBA2BGR),
    _packed("mono8", 1, cv2.COLOR_GRAY2BGR),
    _packed("mono16", 1, cv2.COLOR_GRAY2BGR, 2),
    _packed("bgr16", 3, None, 2),
    _packed("rgb16", 3, cv2.COLOR_RGB2BGR, 2),
    _packed("bgra16", 4, cv2.COLOR_BGRA2BGR, 2),
    _packed("rgba16", 4, cv2.COLOR_RGBA2BGR, 2),
    # cv_bridge will not turn these into colours, as they do not say what they hold. Drivers that
    # send them send grey, BGR and BGRA, OpenCV's own order; those of 16 bits over the full range.
    _packed("8UC1", 1, cv2.COLOR_GRAY2BGR),
    _packed("8UC3", 3, None),
    _packed("8UC4", 4, cv2.COLOR_BGRA2BGR),
    _packed("16UC1", 1, cv2.COLOR_GRAY2BGR, 2),
    _packed("16UC3", 3, None, 2),
    _packed("16UC4", 4, cv2.COLOR_BGRA2BGR, 2),
    # ROS names the first pixels of the first two rows; OpenCV names the second row's second and
    # third pixel: what is rggb to one is BG to the other.
    _bayer("bayer_rggb8", cv2.COLOR_BayerBG2BGR),
    _bayer("bayer_bggr8", cv2.COLOR_BayerRG2BGR),
    _bayer("bayer_gbrg8", cv2.COLOR_BayerGR2BGR),
    _bayer("bayer_grbg8", cv2.COLOR_BayerGB2BGR),
    _bayer("bayer_rggb16", cv2.COLOR_BayerBG2BGR, 2),
    _bayer("bayer_bggr16", cv2.COLOR_BayerRG2BGR, 2),
    _bayer("bayer_gbrg16", cv2.COLOR_BayerGR2BGR, 2),
    _bayer("bayer_grbg16", cv2.COLOR_BayerGB2BGR, 2),
    # Each pair has a new name and the deprecated one that drivers still use.
    _yuv422("uyvy", cv2.COLOR_YUV2BGR_UYVY),
    _yuv422("yuv422", cv2.COLOR_YUV2BGR_UYVY),
    _yuv422("yuyv", cv2.COLOR_YUV2BGR_YUY2),
    _yuv422("yuv422_yuy2", cv2.COLOR_YUV2BGR_YUY2),
    # step is a row of the Y plane, and the UV plane has half as many rows of the same step:
    # sensor_msgs' getHeightScaling is 1.5 for both.
    _yuv420("nv12", cv2.COLOR_YUV2BGR_NV12),
    _yuv420("nv21", cv2.COLOR_YUV2BGR_NV21),
    # The rest of YUV as in V4L2: a row of colour is half as long as one of brightness in i420, a
    # plane of U before one of V, and twice as long in nv24, U and V of every pixel. sensor_msgs
    # has no name for the first, which V4L2 calls yuv420.
    Encoding("i420", 1, cv2.COLOR_YUV2BGR_I420, is_420=True, even_width=True, planes="i420"),
    Encoding("yuv420", 1, cv2.COLOR_YUV2BGR_I420, is_420=True, even_width=True, planes="i420"),
    Encoding("nv24", 1, cv2.COLOR_YUV2BGR_UYVY, planes="nv24"),
)

ENCODINGS: Mapping[str, Encoding] = MappingProxyType({row.name: row for row in _TABLE})
"""Every encoding that is read here, by its ROS name."""


def find_encoding(name: str) -> Encoding:
    """The row of an encoding.

    Raises:
        FrameError: The encoding is not in the table.
    """
    row = ENCODINGS.get(name)
    if row is not None:
        return row
    meant = nearest(name, ENCODINGS)
    raise FrameError(
        received=f"an image with the encoding {name!r}",
        expected="one of " + ", ".join(ENCODINGS),
        fix=(f"write {meant!r}, if that is what the driver sends; else " if meant else "")
        + "set the camera driver to one of them, or convert the images to bgr8 (the node does it "
        "itself where cv_bridge is installed and knows the encoding)",
    )


def to_bgr(frame: Frame, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Convert a frame to BGR.

    Args:
        frame: The frame.
        out: (H, W, 3) uint8 to write to, or None.

    Returns:
        (H, W, 3) uint8 BGR: `out` where it is given; else the frame's own view where its pixels
        are BGR already (nothing is copied), and a new array where they are not.

    Raises:
        FrameError: The encoding is not in the table and no fallback of the frame's converts it, or
            `out` does not fit the frame.
    """
    _check_out(frame, out)
    if frame.fallback is not None and frame.encoding not in ENCODINGS:
        return _into(_by_fallback(frame, frame.fallback), out)
    row = find_encoding(frame.encoding)
    if row.is_bgr:
        return _into(frame.array, out)
    if row.planes == "nv24":
        return _into(_nv24_to_bgr(frame, cv2.COLOR_YUV2BGR_UYVY), out)
    pixels: NDArray[Any] = _side_by_side(frame) if row.planes else frame.array
    if row.item_bytes == 2 and not row.mosaic:
        pixels = eight_bits(pixels)
    if row.code is None:
        return _into(pixels, out)
    if row.item_bytes == 2 and row.mosaic:
        # In cv_bridge's order, which rounds once: colours first, then eight bits.
        native = np.require(pixels, np.uint16, ["C", "ALIGNED"])
        return _into(eight_bits(np.asarray(cv2.cvtColor(native, row.code), np.uint16)), out)
    # OpenCV writes to rows that lie apart, but not to pixels or channels that do.
    dst = out if out is not None and out.strides[1:] == (3, 1) else None
    single = pixels.shape[:2] == (1, 1)
    if single:
        # OpenCV 4.5 takes no image of a single pixel.
        dst, pixels = None, np.repeat(pixels, 2, axis=1)
    converted = cv2.cvtColor(pixels, row.code, dst=dst)
    return _into(converted[:, :1] if single else converted, out)


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


def planes_of(frame: Frame) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The brightness and the colour of a frame whose encoding has `planes`.

    Args:
        frame: Its array is (rows, step) uint8.

    Returns:
        (H, W) uint8 Y; and (2, H/2, W/2) uint8 U and V of i420, or (H, W, 2) of nv24.
    """
    height, width, step = frame.height, frame.width, frame.array.shape[1]
    colour = frame.array[height:]
    if ENCODINGS[frame.encoding].planes == "i420":
        colour = colour.reshape(2, height // 2, step // 2)[:, :, : width // 2]
    else:
        colour = colour.reshape(height, step, 2)[:, :width]
    return frame.array[:height, :width], colour


def _side_by_side(frame: Frame) -> NDArray[np.uint8]:
    """The bytes of an i420 image without padding, as OpenCV wants them."""
    if frame.array.shape[1] == frame.width:
        return np.ascontiguousarray(frame.array)
    y, colour = planes_of(frame)
    return np.concatenate([y.ravel(), colour.ravel()]).reshape(-1, frame.width)


def _nv24_to_bgr(frame: Frame, code: int) -> NDArray[np.uint8]:
    # OpenCV does not read it. As UYVY of twice the width each pixel has a pair to itself, and the
    # arithmetic is that of the other YUV encodings.
    y, colour = planes_of(frame)
    pairs = np.stack([colour[:, :, 0], y, colour[:, :, 1], y], axis=2)
    wide = cv2.cvtColor(pairs.reshape(frame.height, 2 * frame.width, 2), code)
    return np.ascontiguousarray(wide[:, ::2], np.uint8)


def _by_fallback(frame: Frame, convert: ToBgr) -> NDArray[np.uint8]:
    try:
        bgr = np.asarray(convert(frame))
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
