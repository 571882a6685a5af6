"""Tries ROS 2 out for `segmentation doctor`: a node, or images from one process to another.

python -m segmentation_node.ros.probe node
python -m segmentation_node.ros.probe receive TOPIC FRAMES
python -m segmentation_node.ros.probe send TOPIC FRAMES

Each prints what it found out as one line of JSON.
"""

from __future__ import annotations

import array
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from segmentation_node.transport import prepare_process

HEIGHT, WIDTH = 720, 1280
PERIOD_S = 1 / 30
# Frames sent before those that count: one process may have found the other, and not yet it the one.
GREETINGS = 30
# How long to look for the other process, and to wait for a frame that is late.
MEETING_S = 20.0
SILENCE_S = 5.0


@contextmanager
def _node(name: str) -> Iterator[Any]:
    """Make a node that lives as long as the block."""
    import rclpy  # noqa: PLC0415  (after the process is prepared)

    rclpy.init(args=[])
    node = rclpy.create_node(name)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def make_node() -> dict[str, Any]:
    """Make a node, and say which middleware it has."""
    import rclpy  # noqa: PLC0415

    with _node("segmentation_doctor"):
        return {"rmw": rclpy.get_rmw_implementation_identifier()}


def receive(topic: str, frames: str) -> dict[str, Any]:
    """Count the images that arrive, and time each from its sending."""
    from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: PLC0415
    from sensor_msgs.msg import Image  # noqa: PLC0415

    latencies_ms: list[float] = []

    def note(message: Any) -> None:
        # Both processes read the same monotonic clock; the frame id carries the time of sending.
        if message.header.frame_id:
            latencies_ms.append((time.monotonic_ns() - int(message.header.frame_id)) / 1e6)

    with _node("segmentation_doctor_receiver") as node:
        # Best effort as a camera's, with room for all: the way is on trial, not a busy machine.
        depth = GREETINGS + int(frames)
        qos = QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)
        node.create_subscription(Image, topic, note, qos)
        _spin_until(node, lambda: len(latencies_ms) >= int(frames), lambda: len(latencies_ms))
    p50_ms = round(statistics.median(latencies_ms), 1) if latencies_ms else None
    return {"received": len(latencies_ms), "p50_ms": p50_ms}


def _spin_until(node: Any, done: Callable[[], bool], progress: Callable[[], int]) -> None:
    """Spin until it is done, or nothing has come for a while."""
    import rclpy  # noqa: PLC0415

    before, deadline = progress(), time.monotonic() + MEETING_S
    while not done() and time.monotonic() < deadline:
        rclpy.spin_once(node, timeout_sec=0.1)
        if progress() > before:
            before, deadline = progress(), time.monotonic() + SILENCE_S


def send(topic: str, frames: str) -> dict[str, Any]:
    """Send images at the pace of a camera, once somebody listens."""
    from rclpy.qos import qos_profile_sensor_data  # noqa: PLC0415
    from sensor_msgs.msg import Image  # noqa: PLC0415

    with _node("segmentation_doctor_sender") as node:
        publisher = node.create_publisher(Image, topic, qos_profile_sensor_data)
        image = Image(height=HEIGHT, width=WIDTH, encoding="bgr8", step=3 * WIDTH)
        image.data = array.array("B", bytes(3 * WIDTH * HEIGHT))
        left = [GREETINGS + int(frames)]

        def tick() -> None:
            if left[0] and publisher.get_subscription_count():
                left[0] -= 1
                counts = left[0] < int(frames)
                image.header.frame_id = str(time.monotonic_ns()) if counts else ""
                publisher.publish(image)

        node.create_timer(PERIOD_S, tick)

        def done() -> bool:
            # The receiver leaves when it has all, or has waited in vain.
            return not left[0] and not publisher.get_subscription_count()

        _spin_until(node, done, lambda: -left[0])
    return {"unsent": left[0]}


PROBES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "node": make_node,
    "receive": receive,
    "send": send,
}

if __name__ == "__main__":
    prepare_process()
    print(json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])))
