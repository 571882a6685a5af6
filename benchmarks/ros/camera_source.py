"""Program: a camera that sends images at a steady rate, for measurements.

    python -m benchmarks.ros.camera_source TOPIC --rate 30 --size 720x1280 --frames 300
    python -m benchmarks.ros.camera_source TOPIC --rate 30 --images FILE.npy --frames 300

It begins once somebody listens, and stamps each image with the moment of its sending. It says
`begun` when those that count begin, and `done` with how many were sent, how late the latest one
was, and how long sending each took; then it waits to be ended, as what it has sent may still be on
its way. Images that do not count, sent before the others, have the frame id `warm_up`.
"""

from __future__ import annotations

import argparse
import array
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.pipeline.size_trial import patches
from segmentation_node.ros.events import Events
from segmentation_node.transport import prepare_process

WARM_UP = "warm_up"
"""The frame id of images that do not count."""


@dataclass
class Sent:
    """What became of the images on this side.

    Args:
        late_ms: How late the latest one was sent, milliseconds.
        calls: Of each the stamp in ns, and how long the call took that sent it, milliseconds.
    """

    late_ms: float = 0.0
    calls: list[tuple[int, float]] = field(default_factory=list)


def publisher_of(node: Node, topic: str, depth: int, best_effort: bool = False) -> Publisher:
    """A publisher that somebody listens to.

    Args:
        node: The node to send with.
        topic: Where to.
        depth: Images that are kept for a listener who is behind.
        best_effort: Whether to send without asking whether it arrived.
    """
    reliability = ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
    quality = QoSProfile(depth=depth, reliability=reliability)
    publisher = node.create_publisher(Image, topic, quality)
    while not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.05)
    return publisher


def send(
    node: Node, publisher: Publisher, images: Sequence[Image], rate_hz: float, frames: int
) -> Sent:
    """Send images in turns by a schedule that a late one does not shift.

    Args:
        node: The node to send with; its clock stamps them.
        publisher: Where to.
        images: What is sent.
        rate_hz: Images per second.
        frames: How many.
    """
    begun, sent = time.monotonic(), Sent()
    for number, image in zip(range(frames), cycle(images), strict=False):
        due = begun + number / rate_hz
        time.sleep(max(due - time.monotonic(), 0.0))
        sent.late_ms = max(sent.late_ms, (time.monotonic() - due) * 1e3)
        stamp, called = node.get_clock().now(), time.perf_counter()
        image.header.stamp = stamp.to_msg()
        publisher.publish(image)
        sent.calls.append((stamp.nanoseconds, round((time.perf_counter() - called) * 1e3, 3)))
    return sent


def messages(pixels: NDArray[np.uint8], frame_id: str = "") -> list[Image]:
    """Messages that are sent again and again.

    Args:
        pixels: (N, H, W, 3) uint8 BGR.
        frame_id: What stands in their header.
    """
    return [_image(one, frame_id) for one in pixels]


def _image(pixels: NDArray[np.uint8], frame_id: str) -> Image:
    height, width, _ = pixels.shape
    image = Image(height=height, width=width, encoding="bgr8", step=3 * width)
    image.header.frame_id = frame_id
    image.data = array.array("B", pixels.tobytes())
    return image


def main() -> None:
    """Run the program."""
    given = _parser().parse_args()
    pixels = _pixels(given)
    prepare_process()
    # With rclpy's own handlers a signal takes the context away under whatever is being sent.
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("camera_source", namespace=given.topic.rpartition("/")[0])
    try:
        _run(node, pixels, given, Events(enabled=True))
        while True:
            rclpy.spin_once(node, timeout_sec=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _run(node: Node, pixels: NDArray[np.uint8], given: Any, events: Events) -> None:
    # Deep enough, if not told otherwise, that a node which answers every frame gets them all,
    # however far it is behind.
    depth = given.depth or given.frames
    counted, others = messages(pixels), messages(pixels[:1], WARM_UP)
    publisher = publisher_of(node, given.topic, depth, given.best_effort)
    send(node, publisher, others, given.rate, given.warm_up)
    events.emit("begun")
    sent = send(node, publisher, counted, given.rate, given.frames)
    late_ms = round(sent.late_ms, 2)
    events.emit("done", sent=given.frames, late_ms=late_ms, calls=sent.calls)


def _pixels(given: Any) -> NDArray[np.uint8]:
    if given.size is not None:
        return patches(given.size.height, given.size.width)[None]
    return np.asarray(np.load(given.images, allow_pickle=False), np.uint8)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("camera_source", description="Sends images at a steady rate.")
    parser.add_argument("topic")
    parser.add_argument("--rate", type=float, required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--size", type=NetworkSize.parse, help="of patches of colour, as HEIGHTxWIDTH"
    )
    what.add_argument("--images", type=Path, help=".npy of (N, H, W, 3) uint8 BGR, sent in turns")
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=0, help="images before those that count")
    parser.add_argument("--depth", type=int, help="images kept for who is behind; all by default")
    parser.add_argument("--best-effort", action="store_true")
    return parser


if __name__ == "__main__":
    main()
