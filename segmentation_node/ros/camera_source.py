"""Program: a camera that sends images of patches at a steady rate, for measurements.

    python -m segmentation_node.ros.camera_source TOPIC --rate 30 --size 720x1280 --frames 300

It begins once somebody listens, and stamps each image with the moment of its sending. Its event is
`done`, with how many were sent and how late the latest one was; then it waits to be ended, as what
it has sent may still be on its way.
"""

from __future__ import annotations

import argparse
import array
import time
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.pipeline.size_trial import patches
from segmentation_node.ros.events import Events
from segmentation_node.transport import prepare_process


def send(node: Node, topic: str, size: NetworkSize, rate_hz: float, frames: int) -> float:
    """Send images by a schedule that a late one does not shift.

    Args:
        node: The node to send with.
        topic: Where to.
        size: Height and width in pixels.
        rate_hz: Images per second.
        frames: How many.

    Returns:
        How late the latest one was, milliseconds.
    """
    # Deep enough that a node which answers every frame gets them all, however far it is behind.
    publisher = node.create_publisher(Image, topic, QoSProfile(depth=frames))
    image = _image(size)
    while not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.05)
    begun, late_s = time.monotonic(), 0.0
    for number in range(frames):
        due = begun + number / rate_hz
        time.sleep(max(due - time.monotonic(), 0.0))
        late_s = max(late_s, time.monotonic() - due)
        image.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(image)
    return late_s * 1e3


def _image(size: NetworkSize) -> Any:
    image = Image(height=size.height, width=size.width, encoding="bgr8", step=3 * size.width)
    image.data = array.array("B", patches(size.height, size.width).tobytes())
    return image


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("camera_source", description="Sends images at a steady rate.")
    parser.add_argument("topic")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--size", type=NetworkSize.parse, required=True)
    parser.add_argument("--frames", type=int, required=True)
    given = parser.parse_args()
    prepare_process()
    rclpy.init(args=[])
    node = rclpy.create_node("camera_source", namespace=given.topic.rpartition("/")[0])
    try:
        late_ms = send(node, given.topic, given.size, given.rate, given.frames)
        Events(enabled=True).emit("done", sent=given.frames, late_ms=round(late_ms, 2))
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
