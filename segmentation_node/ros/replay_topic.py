"""One topic of a replay: its publisher, and how a recorded message becomes a published one.

What can be done ahead of time is done in `prepare`, on another thread; `send` only sets the stamp
and publishes, so that a message goes out when it is due.
"""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import Image

from segmentation_node.bags.images import IMAGE_TYPES, base_topic, decode_frame
from segmentation_node.bags.quality import recorded_quality
from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.restamp import restamper
from segmentation_node.core.encodings import to_bgr
from segmentation_node.ros.message_types import message_class, quality_of_service

# A second of images is kept for a subscriber that gets no time on a busy machine.
_IMAGE_DEPTH = 30


class ReplayTopic(Protocol):
    """A topic that is replayed."""

    publisher: Any

    def prepare(self, message: Message) -> Any:
        """Do what can be done before the message is due."""

    def size(self, prepared: Any) -> int:
        """Bytes that a prepared message holds."""

    def send(self, prepared: Any, stamp_ns: int | None) -> None:
        """Publish, with a new stamp unless it is None."""


class RawTopic:
    """Publishes the recorded bytes as they are, but for the stamp."""

    def __init__(self, node: Node, bag: BagReader, topic: str, kind: Any) -> None:
        entries = [entry for entry in bag.connections if entry.topic == topic]
        quality = recorded_quality(entries)
        qos = quality_of_service(best_effort=quality.best_effort, latched=quality.latched)
        self.publisher = node.create_publisher(kind, topic, qos)
        self._restamp: Callable[[bytes, int], bytes] = restamper(entries[0])

    def prepare(self, message: Message) -> bytes:
        """Return the bytes to be sent."""
        return bytes(message.data)

    def size(self, prepared: bytes) -> int:
        """Bytes that a prepared message holds."""
        return len(prepared)

    def send(self, prepared: bytes, stamp_ns: int | None) -> None:
        """Publish, with a new stamp unless it is None."""
        data = prepared if stamp_ns is None else self._restamp(prepared, stamp_ns)
        self.publisher.publish(data)


class DecodedTopic:
    """Publishes compressed or other images as raw bgr8 ones, as a camera driver would."""

    def __init__(self, node: Node, topic: str) -> None:
        qos = quality_of_service(best_effort=False, latched=False, depth=_IMAGE_DEPTH)
        self.publisher = node.create_publisher(Image, base_topic(topic), qos)

    def prepare(self, message: Message) -> Image:
        """Decode the image into a message that is ready but for its stamp.

        Raises:
            FrameError: The image is malformed.
        """
        frame = decode_frame(message)
        image = to_bgr(frame)
        height, width = image.shape[:2]
        prepared = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        prepared.header.frame_id = frame.frame_id
        # An array that is filled from memory: any other type would be checked byte by byte.
        pixels = array.array("B")
        pixels.frombytes(np.ascontiguousarray(image).data)
        prepared.data = pixels
        _set_stamp(prepared, frame.stamp_ns)
        return prepared

    def size(self, prepared: Image) -> int:
        """Bytes that a prepared message holds."""
        return len(prepared.data)

    def send(self, prepared: Image, stamp_ns: int | None) -> None:
        """Publish, with a new stamp unless it is None."""
        if stamp_ns is not None:
            _set_stamp(prepared, stamp_ns)
        self.publisher.publish(prepared)


def open_topic(node: Node, bag: BagReader, topic: str, decode: bool) -> ReplayTopic | None:
    """Make the publisher of a topic.

    Args:
        node: The node that publishes.
        bag: The open bag.
        topic: One of its topics.
        decode: Whether images are published as raw ones.

    Returns:
        None where the package of the message type is not installed.
    """
    msgtype = bag.topics[topic]
    if decode and msgtype in IMAGE_TYPES:
        return DecodedTopic(node, topic)
    kind = message_class(msgtype)
    return None if kind is None else RawTopic(node, bag, topic, kind)


def flush(topics: list[ReplayTopic], timeout_s: float = 2.0) -> None:
    """Wait until subscribers that asked for delivery have what was sent to them."""
    for topic in topics:
        topic.publisher.wait_for_all_acked(Duration(seconds=timeout_s))


def _set_stamp(message: Image, stamp_ns: int) -> None:
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
