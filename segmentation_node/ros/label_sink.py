"""Program: listens to label images and /diagnostics, and times each image, for measurements.

    python -m segmentation_node.ros.label_sink --topics /segmentation_node/front/labels ...

It says `ready` when the node is active and hears that it is listened to. Once it is told to end it
waits until the node has accounted for every frame, and says `figures`: for each topic the stamps in
the order of arrival (ns) and the time from each to its arrival (ms), and the node's last words.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image

from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.events import Events
from segmentation_node.ros.stop_request import StopRequest
from segmentation_node.transport import prepare_process

SETTLE_S = 60.0
"""Longest time to wait for the node to account for every frame."""

QUIET_S = 1.0
"""Seconds without a label image after which none is on its way any more."""

_ENDS = ("processed", "skipped", "limited", "malformed", "failed")


class LabelSink:
    """Takes note of label images as they arrive.

    Args:
        node: The node to listen with.
        topics: The topics of label images.
    """

    def __init__(self, node: Node, topics: Sequence[str]) -> None:
        self._node = node
        self.arrivals: dict[str, list[tuple[int, float]]] = {topic: [] for topic in topics}
        """By topic: stamp in ns, and milliseconds from it to the arrival."""
        self.words: dict[str, dict[str, str]] = {}
        """The latest diagnostics: key and value, by name of the status."""
        self._latest_s = time.monotonic()
        for topic in topics:
            node.create_subscription(Image, topic, self._noter(topic), QoSProfile(depth=1000))
        node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, 10)

    @property
    def is_ready(self) -> bool:
        """Whether the node is active and knows of every subscription."""
        heard = [one.get("labels_listeners") for one in self._cameras]
        active = any(one.get("state") == "active" for one in self.words.values())
        return active and len(heard) == len(self.arrivals) and "0" not in heard

    def count_silence_anew(self) -> None:
        """Count silence from now on: a process that got no time has some behind it."""
        self._latest_s = time.monotonic()

    @property
    def is_settled(self) -> bool:
        """Whether the node has accounted for all that it received, and nothing is on its way."""
        quiet = time.monotonic() - self._latest_s > QUIET_S
        return quiet and all(
            int(one["received"]) == sum(int(one[end]) for end in _ENDS) for one in self._cameras
        )

    @property
    def _cameras(self) -> list[Mapping[str, str]]:
        return [one for one in self.words.values() if "labels_listeners" in one]

    def _noter(self, topic: str) -> object:
        def note(message: Image) -> None:
            stamp, now = stamp_ns(message.header), self._node.get_clock().now().nanoseconds
            self.arrivals[topic].append((stamp, (now - stamp) * 1e-6))
            self._latest_s = time.monotonic()

        return note

    def _hear(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.words[status.name] = {one.key: one.value for one in status.values}


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("label_sink", description="Times label images.")
    parser.add_argument("--topics", nargs="+", required=True)
    topics = parser.parse_args().topics
    stop = StopRequest()
    prepare_process()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node, executor = rclpy.create_node("label_sink"), SingleThreadedExecutor()
    executor.add_node(node)
    sink, events = LabelSink(node, topics), Events(enabled=True)
    try:
        _run(sink, events, stop, executor)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
        stop.close()


def _run(
    sink: LabelSink, events: Events, stop: StopRequest, executor: SingleThreadedExecutor
) -> None:
    while not sink.is_ready and not stop.asked:
        executor.spin_once(timeout_sec=0.1)
    events.emit("ready")
    while not stop.asked:
        executor.spin_once(timeout_sec=0.1)
    sink.count_silence_anew()
    deadline = time.monotonic() + SETTLE_S
    while not sink.is_settled and time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.1)
    events.emit("figures", arrivals=sink.arrivals, diagnostics=sink.words)


if __name__ == "__main__":
    main()
