"""Compressed images in memory: JPEG and PNG to arrays and back."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import FrameError

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"

ImageBytes = bytes | bytearray | memoryview | NDArray[np.uint8]


def decode_image(data: ImageBytes) -> NDArray[np.uint8]:
    """Decode a JPEG or PNG image as a camera sends it.

    Args:
        data: The compressed bytes.

    Returns:
        (H, W, 3) uint8 BGR, the caller's own.

    Raises:
        FrameError: The bytes are empty, cut short, or no image.
    """
    return np.asarray(_decode(data, cv2.IMREAD_COLOR), np.uint8)


def decode_labels(data: ImageBytes) -> NDArray[np.uint8]:
    """Decode a label image: the pixels are class ids, so that nothing may convert them.

    Args:
        data: The compressed bytes, of a PNG.

    Returns:
        (H, W) uint8 class ids, the caller's own.

    Raises:
        FrameError: The bytes are damaged, or hold something else than one channel of eight bits.
    """
    labels = _decode(data, cv2.IMREAD_UNCHANGED)
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise FrameError(
            received=f"an image of shape {labels.shape} and type {labels.dtype}",
            expected="a label image: one channel of eight bits, the class id of each pixel",
            fix="save class ids, not colours, as a greyscale PNG",
        )
    return labels


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Compress without loss.

    Args:
        image: (H, W) uint8, or (H, W, 3) uint8 BGR.
    """
    # Level 1: label and palette images are flat, where higher levels cost time and save nothing.
    return _encode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def encode_jpeg(image: NDArray[np.uint8], quality: int = 95) -> bytes:
    """Compress as a camera does.

    Args:
        image: (H, W, 3) uint8 BGR.
        quality: 1 to 100, the JPEG quality.
    """
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])


def _decode(data: ImageBytes, flags: int) -> NDArray[Any]:
    buffer = np.frombuffer(data, np.uint8)
    image = None if _is_cut_jpeg(buffer) else _imdecode(buffer, flags)
    if image is None:
        raise FrameError(
            received=f"{buffer.size} bytes that do not decode",
            expected="a whole JPEG or PNG image",
            fix="check the source: the image is cut short, damaged or of another format",
        )
    return image


def _imdecode(buffer: NDArray[np.uint8], flags: int) -> NDArray[Any] | None:
    # Damage is answered with None or with an exception, as the place of it and the release have it.
    try:
        image = cv2.imdecode(buffer, flags)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image)


def _is_cut_jpeg(buffer: NDArray[np.uint8]) -> bool:
    # OpenCV 4 fills the missing rows of a JPEG with grey and says nothing. Cameras pad with zeros.
    data = buffer.tobytes()
    return data.startswith(_JPEG_START) and _JPEG_END not in data.rstrip(b"\0")[-64:]


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
