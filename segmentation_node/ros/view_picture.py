"""Image messages as pictures that browsers show."""

from __future__ import annotations

from typing import Any

from sensor_msgs.msg import Image

from segmentation_node.core.compressed import announced_size
from segmentation_node.core.encodings import to_bgr
from segmentation_node.media.codec import JPEG_SIGNATURE, PNG_SIGNATURE, encode_jpeg
from segmentation_node.ros.conversion import frame_of_compressed, frame_of_image


def picture_of(message: Any, quality: int) -> bytes:
    """Make a JPEG, or give the JPEG or PNG that the message holds.

    Args:
        message: Of one of `IMAGE_TYPES`.
        quality: JPEG quality, 1 to 100.

    Raises:
        FrameError: The image is damaged, too large, or of an encoding that is not known.
    """
    if isinstance(message, Image):
        return encode_jpeg(to_bgr(frame_of_image(message)), quality)
    data = bytes(message.data)
    if data.startswith((JPEG_SIGNATURE, PNG_SIGNATURE)):
        announced_size(data)  # a browser takes memory for what the header says
        return data
    return encode_jpeg(to_bgr(frame_of_compressed(message)), quality)
