"""Compressed images, JPEG and PNG, to frames.

OpenCV 4 fills the missing part of a JPEG that was cut short with grey and says nothing, and every
version allocates what a header announces before it looks at the rest. Both are checked first, on
the bytes: the size in the header, and the mark at the end of the image.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node import LARGEST_IMAGE
from segmentation_node.core.encodings import ENCODINGS, eight_bits
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError

if TYPE_CHECKING:
    from segmentation_node.core.frame import Buffer

_COLOURS = {"rgb8", "bgr8", "rgba8", "bgra8", "rgb16", "bgr16", "rgba16", "bgra16"}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_LENGTH = 13
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_SCAN = 0xDA
# The frame headers SOF0 to SOF15; DHT, JPG and DAC share their range (ITU-T T.81, table B.1).
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# These markers stand alone, without a length behind them: TEM, RST0 to RST7.
_JPEG_BARE = {0x01, *range(0xD0, 0xD8)}


def decode(
    data: Buffer,
    format: str = "",  # noqa: A002 - the message field's name
    *,
    stamp_ns: int = 0,
    frame_id: str = "",
) -> Frame:
    """Decode a compressed image as it comes in a `sensor_msgs/CompressedImage`.

    The bytes say whether they are JPEG or PNG. A JPEG has the colours that every viewer shows,
    whatever the format says. Of a PNG the format says what the channels are, in the way of
    compressed_image_transport: "rgb8; png compressed bgr8" is BGR inside, and only a colour image
    without "compressed bgr" is RGB. "bayer_rggb16; png compressed " holds the sensor's own mosaic.

    Args:
        data: The compressed bytes.
        format: The message's `format`, such as `jpeg`, or `bgr8; jpeg compressed bgr8`.
        stamp_ns: Time of capture, nanoseconds.
        frame_id: Coordinate frame of the camera.

    Returns:
        A frame that owns its pixels, in an encoding of the table.

    Raises:
        FrameError: The bytes are empty, cut short, damaged, too large, or neither JPEG nor PNG.
    """
    pixels = decode_pixels(data)
    encoding = _encoding(pixels, format, is_jpeg=bytes(data[:2]) == _JPEG_START)
    if pixels.ndim == 3 and pixels.dtype == np.uint16:
        pixels = eight_bits(pixels)
    return Frame.from_array(pixels, encoding, stamp_ns, frame_id)


def decode_pixels(data: Buffer) -> NDArray[Any]:
    """Decode a JPEG or PNG image as it is: no turning by Exif, no change of depth or channels.

    Args:
        data: The compressed bytes.

    Returns:
        (H, W) or (H, W, C) uint8, or uint16 from a 16-bit PNG; channels in OpenCV's order (BGR,
        BGRA).

    Raises:
        FrameError: The bytes are empty, cut short, damaged, too large, or neither JPEG nor PNG.
    """
    view = memoryview(cast("bytes", data))
    content = bytes(view) if not isinstance(data, bytes) else data
    size = announced_size(content)
    pixels = by_opencv(content, cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[:2] != size:
        raise _refusal(content, "that do not decode")
    return pixels


def by_opencv(data: bytes, flags: int) -> NDArray[Any] | None:
    """What OpenCV makes of the bytes of an image; None where they are damaged.

    Args:
        data: The compressed bytes.
        flags: Of `cv2.imdecode`.
    """
    # Damage is answered with None or with an exception, as the place of it and the release have it.
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels)


def announced_size(data: bytes) -> tuple[int, int]:
    """Height and width that a JPEG or PNG announces, after checking them and that it is whole.

    Args:
        data: The compressed bytes.

    Returns:
        Height and width, pixels.

    Raises:
        FrameError: The bytes are empty, cut short, too large, or neither JPEG nor PNG.
    """
    if data.startswith(_PNG_SIGNATURE):
        height, width = _png_size(data)
    elif data.startswith(_JPEG_START):
        height, width = _jpeg_size(data)
    else:
        raise _refusal(data, f"that begin with {data[:8]!r}" if data else "of compressed image")
    if not 0 < height * width <= LARGEST_IMAGE:
        raise FrameError(
            received=f"a compressed image that announces {width} wide, {height} high",
            expected=f"1 to {LARGEST_IMAGE} pixels",
            fix="check the source: the image is damaged, or too large for a camera's",
        )
    return height, width


def _png_size(data: bytes) -> tuple[int, int]:
    chunks = _png_chunks(data)
    kind, start, length = next(chunks, (b"", 0, 0))
    # libpng allocates by the first header, and notices a second one only afterwards.
    if kind == b"IHDR" and length == _PNG_HEADER_LENGTH:
        last = next((kind for kind, _, _ in chunks if kind in {b"IHDR", b"IEND"}), b"")
        if last == b"IEND":
            width, height = struct.unpack_from(">II", data, start)
            return int(height), int(width)
    raise _refusal(data, "of PNG, cut short")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and length of every chunk that lies in the data with its checksum."""
    start = len(_PNG_SIGNATURE)
    while start + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        if start + 12 + length > len(data):
            return
        yield kind, start + 8, length
        start += 12 + length


def _jpeg_size(data: bytes) -> tuple[int, int]:
    size = None
    for marker, start, length in _jpeg_segments(data):
        if marker in _JPEG_FRAMES and length >= 7:
            size = struct.unpack_from(">HH", data, start + 3)
        # In what follows a scan's header 0xff is always escaped: an end mark there is the end.
        # Some cameras pad behind it.
        if marker == _JPEG_SCAN and size is not None:
            if data.find(_JPEG_END, start + length) < 0:
                raise _refusal(data, "of JPEG without the mark that ends one")
            return int(size[0]), int(size[1])
    raise _refusal(data, "of JPEG, cut short")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start of the length field and length of each segment, up to the first scan."""
    start = len(_JPEG_START)
    while start + 4 <= len(data) and data[start] == 0xFF:
        marker = data[start + 1]
        if marker == 0xFF or marker in _JPEG_BARE:
            start += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, start + 2)
        if length < 2 or start + 2 + length > len(data):
            return
        yield marker, start + 2, length
        start += 2 + length


def _encoding(pixels: NDArray[Any], format: str, *, is_jpeg: bool) -> str:  # noqa: A002
    original, split, compressed = format.lower().partition(";")
    original = original.strip()
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels == 1:
        return _single_channel(pixels, original, compressed)
    if channels not in {3, 4}:
        raise FrameError(
            received=f"a compressed image of {channels} channels",
            expected="1, 3 or 4",
            fix="send grey, BGR or BGRA",
        )
    # A JPEG defines its colours by itself. Those who write "compressed rgb8" over one, or leave
    # the end out, have encoded it as everybody does; compressed_image_transport writes bgr8.
    says_rgb = bool(split) and original in _COLOURS and "compressed bgr" not in compressed
    order = "rgb" if says_rgb and not is_jpeg else "bgr"
    return f"{order}8" if channels == 3 else f"{order}a8"


def _single_channel(pixels: NDArray[Any], original: str, compressed: str) -> str:
    bits = 16 if pixels.dtype == np.uint16 else 8
    # The bytes say how deep it is; a codec may have made eight bits of sixteen.
    mosaic = original.rstrip("0123456789") + str(bits)
    is_mosaic = original.startswith("bayer_") and mosaic in ENCODINGS
    return mosaic if is_mosaic and "compressed mono" not in compressed else f"mono{bits}"


def _refusal(data: bytes, what: str) -> FrameError:
    return FrameError(
        received=f"{len(data)} bytes {what}",
        expected="a whole JPEG or PNG image",
        fix="check the source: the image is cut short, damaged or of another format",
    )
