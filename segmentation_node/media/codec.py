"""Compressed images in memory: JPEG and PNG to arrays and back."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core import compressed
from segmentation_node.core.encodings import to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError
from segmentation_node.media.orientation import without_orientation

JPEG_SIGNATURE, PNG_SIGNATURE = b"\xff\xd8", b"\x89PNG"

# Where a PNG says how many bits a sample has (PNG specification, 11.2.2: IHDR comes first), and
# what OpenCV multiplies those of fewer than eight by, so that white is 255 at any depth.
_PNG_DEPTH_AT = 24
_GREY_STEPS = {1: 255, 2: 85, 4: 17}
_PNG_COLOR_TYPE_AT = 25
_PALETTE_CHUNKS = (b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sBIT")

# Label and palette images are flat. There higher levels cost time and save nothing, and so does
# trying all filters for each row, as OpenCV does from 4.11 on unless one is named.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):
    _PNG += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]


def decode_frame(
    data: bytes | memoryview,
    format: str = "",  # noqa: A002 - the message field's name
    *,
    stamp_ns: int = 0,
    frame_id: str = "",
) -> Frame:
    """Decode the bytes of an image file or message.

    The pixels stay as they are stored, whatever their Exif data says of the way up: a camera's
    calibration is of these. `media.images.read_image` turns files.

    Args:
        data: The compressed bytes, which say what they are.
        format: Of JPEG and PNG: what the channels are, as in `core.compressed.decode`.
        stamp_ns: Time of capture, nanoseconds.
        frame_id: Coordinate frame of the camera.

    Returns:
        A frame that owns its pixels.

    Raises:
        FrameError: The bytes are empty, cut short, or no image.
    """
    content = bytes(data)
    if content.startswith((PNG_SIGNATURE, JPEG_SIGNATURE)):
        return compressed.decode(content, format, stamp_ns=stamp_ns, frame_id=frame_id)
    return Frame.from_array(_decode_other(content), "bgr8", stamp_ns, frame_id)


def decode_image(data: bytes | memoryview) -> NDArray[np.uint8]:
    """Decode the bytes of an image file, the way up that it is stored.

    Args:
        data: The compressed bytes.

    Returns:
        (H, W, 3) uint8 BGR, the caller's own.

    Raises:
        FrameError: The bytes are empty, cut short, or no image.
    """
    return to_bgr(decode_frame(data))


def decode_labels(data: bytes) -> NDArray[np.uint8]:
    """Decode a label image: the pixels are class ids, so that nothing may convert them.

    A PNG of 1, 2 or 4 bits, as tools write for few classes, gives the ids that stand in it, and so
    does one with a palette: its colours are for people.

    Args:
        data: The compressed bytes, of a PNG.

    Returns:
        (H, W) uint8 class ids, the caller's own.

    Raises:
        FrameError: The bytes are damaged, are of a format that changes pixels, or hold something
            else than one channel of up to eight bits.
    """
    if data.startswith(b"\xff\xd8"):
        raise FrameError(
            received="a label image as JPEG",
            expected="a PNG: JPEG changes class ids, along every outline",
            fix="save the labels as PNG, from where they were drawn",
        )
    data = _palette_as_grey(data)
    labels = compressed.decode_pixels(data)
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise FrameError(
            received=f"an image of shape {labels.shape} and type {labels.dtype}",
            expected="a label image: one channel of eight bits, the class id of each pixel",
            fix="save class ids, not colours, as a greyscale PNG",
        )
    step = _grey_step(data)
    return labels if step == 1 else np.asarray(labels // step, np.uint8)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Compress without loss.

    Args:
        image: (H, W) uint8, or (H, W, 3) uint8 BGR.
    """
    return _encode(".png", image, _PNG)


def encode_jpeg(image: NDArray[np.uint8], quality: int = 95) -> bytes:
    """Compress as a camera does.

    Args:
        image: (H, W, 3) uint8 BGR.
        quality: 1 to 100, the JPEG quality.
    """
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])


def _palette_as_grey(data: bytes) -> bytes:
    """A PNG with a palette as a grey one, whose levels are then the palette's indices.

    OpenCV gives colours only. Both kinds store the same rows: what differs is the colour type in
    the header, and the chunks that only palettes have (PNG specification, 11.2.2 and 11.3).
    """
    if not data.startswith(PNG_SIGNATURE) or data[_PNG_COLOR_TYPE_AT : _PNG_DEPTH_AT + 2] != b"\3":
        return data
    header = data[12:_PNG_COLOR_TYPE_AT] + b"\0" + data[_PNG_COLOR_TYPE_AT + 1 : 29]
    parts = [data[:12], header, zlib.crc32(header).to_bytes(4, "big")]
    place = 33
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in _PALETTE_CHUNKS:
            parts.append(data[place:end])
        place = end
    # What is left of a file that is cut short stays, for the decoder to see that.
    return b"".join([*parts, data[place:]])


def _grey_step(data: bytes) -> int:
    """By what OpenCV has spread the grey levels of a decoded image."""
    is_png = data.startswith(PNG_SIGNATURE)
    return _GREY_STEPS.get(data[_PNG_DEPTH_AT], 1) if is_png else 1


def _decode_other(data: bytes) -> NDArray[np.uint8]:
    image = compressed.by_opencv(without_orientation(data), cv2.IMREAD_COLOR)
    if image is None:
        raise FrameError(
            received=f"{len(data)} bytes that do not decode",
            expected="a whole image: JPEG, PNG, BMP, PPM, WebP or TIFF",
            fix="check the source: the image is cut short, damaged or of another format",
        )
    return np.asarray(image, np.uint8)


def _encode(suffix: str, image: NDArray[np.uint8], options: list[int]) -> bytes:
    try:
        done, data = cv2.imencode(suffix, image, options)
    except cv2.error:  # OpenCV 4; OpenCV 5 says False
        done, data = False, np.empty(0, np.uint8)
    if not done:
        raise FrameError(
            received=f"an image of shape {image.shape}",
            expected=f"an image that fits the format {suffix}",
            fix="check its size: neither side may be zero or above 65500",
        )
    return bytes(data)
