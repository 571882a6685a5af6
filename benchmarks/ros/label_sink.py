"""Program: listens to label images and /diagnostics, and times each image, for measurements.

    python -m benchmarks.ros.label_sink --topics /segmentation_node/front/labels ...

It says `ready` when the node is active and hears that it is listened to. Once it is told to end it
waits until the node has accounted for every frame, and says `figures`: for each topic the stamps in
the order of arrival (ns) and the time from each to its arrival (ms), and the node's last words.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.events import Events
from segmentation_node.ros.listening import Listening, listening

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
        for topic in topics:
            node.create_subscription(Image, topic, self._noter(topic), QoSProfile(depth=1000))
        node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, 10)

    @property
    def is_ready(self) -> bool:
        """Whether the node is active and knows of every subscription."""
        heard = [one.get("labels_listeners") for one in self._cameras]
        active = any(one.get("state") == "active" for one in self.words.values())
        return active and len(heard) == len(self.arrivals) and "0" not in heard

    @property
    def taken(self) -> int:
        """How many label images came."""
        return sum(map(len, self.arrivals.values()))

    @property
    def is_complete(self) -> bool:
        """Whether the node has accounted for all that it received."""
        return all(
            int(one["received"]) == sum(int(one[end]) for end in _ENDS) for one in self._cameras
        )

    @property
    def _cameras(self) -> list[Mapping[str, str]]:
        return [one for one in self.words.values() if "labels_listeners" in one]

    def _noter(self, topic: str) -> object:
        def note(message: Image) -> None:
            stamp, now = stamp_ns(message.header), self._node.get_clock().now().nanoseconds
            self.arrivals[topic].append((stamp, (now - stamp) * 1e-6))

        return note

    def _hear(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.words[status.name] = {one.key: one.value for one in status.values}


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("label_sink", description="Times label images.")
    parser.add_argument("--topics", nargs="+", required=True)
    topics = parser.parse_args().topics
    with listening("label_sink") as ears:
        _run(LabelSink(ears.node, topics), ears)


def _run(sink: LabelSink, ears: Listening) -> None:
    events = Events(enabled=True)
    ears.until(lambda: sink.is_ready)
    events.emit("ready")
    ears.until_told_to_end()
    ears.until_quiet(lambda: sink.taken, QUIET_S, lambda: sink.is_complete)
    events.emit("figures", arrivals=sink.arrivals, diagnostics=sink.words)


if __name__ == "__main__":
    main()
