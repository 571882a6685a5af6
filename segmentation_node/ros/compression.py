"""Compressed images as image_transport's plugin `compressed` writes and reads them."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage

from segmentation_node.core.encodings import to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.media.codec import encode_jpeg, encode_png


def format_of(encoding: str, codec: str) -> str:
    """The `format` of a compressed image, to the letter as the plugin writes it.

    Its reader takes the encoding from before the semicolon, and turns the channels around where
    it finds `compressed bgr`. A grey PNG has nothing behind `compressed ` (compressed_publisher.cpp
    of image_transport_plugins, Humble to Rolling).

    Args:
        encoding: `mono8` or `rgb8`: that of the image before it was compressed.
        codec: `png` or `jpeg`.
    """
    is_color = encoding == "rgb8"
    inside = "bgr8" if is_color else "mono8" if codec == "jpeg" else ""
    return f"{encoding}; {codec} compressed {inside}"


class CompressedMessage:
    """An outgoing compressed image, the same message for every frame."""

    def __init__(self) -> None:
        self.message = CompressedImage()
        self._bgr: NDArray[np.uint8] = np.empty((0, 0, 3), np.uint8)

    def fill(self, pixels: NDArray[np.uint8], codec: str, jpeg_quality: int) -> CompressedImage:
        """Compress an image into the message.

        Args:
            pixels: (H, W) uint8, or (H, W, 3) uint8 RGB.
            codec: `png` or `jpeg`.
            jpeg_quality: 1 to 100.

        Raises:
            FrameError: The image is too large for the codec.
        """
        image = pixels if pixels.ndim == 2 else self._to_bgr(pixels)
        data = encode_png(image) if codec == "png" else encode_jpeg(image, jpeg_quality)
        self.message.format = format_of("mono8" if pixels.ndim == 2 else "rgb8", codec)
        self.message.data = array("B", data)
        return self.message

    def _to_bgr(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._bgr.shape != rgb.shape:
            self._bgr = np.empty_like(rgb)
        return to_bgr(Frame.from_array(rgb, "rgb8"), self._bgr)
