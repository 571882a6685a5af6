"""Messages to frames without a copy, and arrays that are the data of a message."""

from __future__ import annotations

from array import array
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segmentation_node.core.encodings import ENCODINGS, ToBgr
from segmentation_node.core.frame import Frame
from segmentation_node.errors import FrameError
from segmentation_node.media.codec import decode_frame


def stamp_ns(header: Header) -> int:
    """The stamp of a message, nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def frame_of_image(message: Image) -> Frame:
    """View the data of a message as a frame; nothing is copied.

    Args:
        message: Of any encoding in the table, or that an installed cv_bridge converts.

    Raises:
        FrameError: The encoding is unknown, or size, step and data do not fit each other.
    """
    return Frame.from_buffer(
        message.data,
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        step=message.step,
        is_bigendian=bool(message.is_bigendian),
        stamp_ns=stamp_ns(message.header),
        frame_id=message.header.frame_id,
        fallback=None if message.encoding in ENCODINGS else cv_bridge_converter(),
    )


def frame_of_compressed(message: CompressedImage) -> Frame:
    """Decode a JPEG or PNG, or whatever else OpenCV reads.

    Args:
        message: The bytes say what they are; of JPEG and PNG its `format` says what the channels
            are: a Bayer mosaic, RGB or BGR.

    Raises:
        FrameError: The data is cut short, damaged, or of another format.
    """
    header = message.header
    try:
        return decode_frame(
            memoryview(message.data),
            message.format,
            stamp_ns=stamp_ns(header),
            frame_id=header.frame_id,
        )
    except FrameError as error:
        received = f"{error.received} (format {message.format!r})"
        raise FrameError(received, error.expected, error.fix) from error


class ImageMessage:
    """An outgoing image whose data is one block of memory, used again for every frame.

    `view` is the same memory as the message's data: what the pipeline writes there is published
    without another copy on the Python side.

    Args:
        encoding: `mono8` or `rgb8`.
        channels: Bytes per pixel.
    """

    def __init__(self, encoding: str, channels: int) -> None:
        self.message = Image(encoding=encoding)
        self._channels = channels
        self._view: NDArray[np.uint8] = np.empty((0, 0), np.uint8)

    def view(self, height: int, width: int) -> NDArray[np.uint8]:
        """The pixels to write: (H, W) or (H, W, C) uint8, new only when the size is new."""
        if self._view.shape[:2] != (height, width):
            self._allocate(height, width)
        return self._view

    def _allocate(self, height: int, width: int) -> None:
        message, step = self.message, width * self._channels
        message.height, message.width, message.step = height, width, step
        # The setter may copy what it is given (Jazzy and later do when fields go unchecked), so
        # the view is made of what the message holds and not of what was handed in.
        message.data = array("B", bytes(height * step))
        shape = (height, width) if self._channels == 1 else (height, width, self._channels)
        self._view = np.frombuffer(message.data, np.uint8).reshape(shape)


@cache
def cv_bridge_converter() -> ToBgr | None:
    """What converts encodings outside our table: cv_bridge, where it is installed and works."""
    try:
        from cv_bridge import CvBridge  # noqa: PLC0415 - asked for by rare encodings only
    # Built for another NumPy it fails with whatever error comes first.
    except Exception:
        return None
    bridge = CvBridge()

    def to_bgr(frame: Frame) -> NDArray[np.uint8]:
        message = Image(
            height=frame.height,
            width=frame.width,
            encoding=frame.encoding,
            step=frame.step,
            is_bigendian=int(frame.is_bigendian),
            data=array("B", frame.array.tobytes()),
        )
        return np.asarray(bridge.imgmsg_to_cv2(message, "bgr8"), np.uint8)

    return to_bgr
