"""Tries ROS 2 out for `segmentation doctor`: a node, or images from one process to another.

python -m segmentation_node.ros.probe node
python -m segmentation_node.ros.probe receive TOPIC FRAMES
python -m segmentation_node.ros.probe send TOPIC FRAMES
python -m segmentation_node.ros.probe listen TOPIC SECONDS sensor_data|reliable ours|plain

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
# How long to look for a camera, and to let both sides settle before its images count.
FINDING_S, SETTLING_S = 5.0, 1.0


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


def listen(topic: str, seconds: str, quality: str, _: str) -> dict[str, Any]:
    """Listen to a camera for a while, and say what arrived and what was lost."""
    import rclpy  # noqa: PLC0415
    from rclpy.callback_groups import MutuallyExclusiveCallbackGroup  # noqa: PLC0415

    from segmentation_node.config import NodeConfig  # noqa: PLC0415
    from segmentation_node.pipeline.counts import Counts  # noqa: PLC0415
    from segmentation_node.pipeline.monitor import Monitor  # noqa: PLC0415
    from segmentation_node.ros.conversion import stamp_ns  # noqa: PLC0415
    from segmentation_node.ros.image_subscription import ImageSubscription  # noqa: PLC0415

    with _node("segmentation_doctor_listener") as node:
        config = NodeConfig(image_topic=topic, qos=quality)
        monitors = [Monitor()]

        def take(message: Any) -> None:
            monitors[0].arrived(stamp_ns(message.header), 0)

        def lose(frames: int) -> None:
            monitors[0].lost(frames)

        images = ImageSubscription(node, config, take, MutuallyExclusiveCallbackGroup())
        images.on_lost = lose

        def spin_for(seconds: float, done: Callable[[], bool] = lambda: False) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end and not done():
                rclpy.spin_once(node, timeout_sec=0.1)

        spin_for(FINDING_S, lambda: bool(images.offers) and all(one.node for one in images.offers))
        images.rematch()
        # What comes while both sides find each other is not counted.
        spin_for(SETTLING_S)
        monitors[0] = Monitor()
        if not images.counts_lost:
            monitors[0].count_gaps()
        begun_s = time.monotonic()
        spin_for(float(seconds))
        passed_s = time.monotonic() - begun_s
        offers = [one for one in images.offers if one.msgtype == images.msgtype]
        report = monitors[0].report(Counts(received=monitors[0].received))
        return {
            "publishers": list(map(str, offers)),
            "heard": all(one.reaches(images.qos) for one in offers),
            "received": monitors[0].received,
            "lost": report.lost,
            "rate_hz": monitors[0].received / passed_s,
            "others": [f"{name} ({msgtype})" for name, msgtype in images.other_topics],
        }


PROBES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "node": make_node,
    "receive": receive,
    "send": send,
    "listen": listen,
}

if __name__ == "__main__":
    if sys.argv[-1] != "plain":
        prepare_process()
    print(json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])))
