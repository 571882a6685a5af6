"""Program: listens to labels and colours, and notes when each arrived, for a soak.

    python -m benchmarks.ros.soak_listener --labels TOPIC --color TOPIC

It says `ready` when the node is active and each topic has its publisher, and ends where the node
says that it cannot start, or nothing for long. Once it is told to end it says `figures`: of each
label image the stamp and the monotonic moment of its arrival (ns), height and width, and the stamps
of all colour images.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.events import Events
from segmentation_node.ros.listening import Listening, listening

_PATIENCE_S = 300.0  # in which the node may have to build an engine
_QUIET_S = 1.0  # without an image, after which none is on its way any more
_ACTIVE = ("state", "active")
_DEPTH = 100  # images that the middleware keeps while this process gets no time


class SoakListener:
    """Takes note of images as they arrive.

    Args:
        node: The node to listen with.
        labels: The topic of label images.
        color: The topic of colour images.
    """

    def __init__(self, node: Node, labels: str, color: str) -> None:
        self._node, self._topics = node, (labels, color)
        self.labels: list[tuple[int, int, int, int]] = []
        """Of each label image the stamp, the moment of arrival, height and width."""
        self.colors: list[int] = []
        """The stamps of the colour images."""
        self._is_active = False
        self.refusal = ""
        """What the node says that is wrong; empty where nothing is."""
        node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, 10)
        node.create_subscription(Image, labels, self._note, QoSProfile(depth=_DEPTH))
        node.create_subscription(Image, color, self._count, QoSProfile(depth=_DEPTH))

    @property
    def is_ready(self) -> bool:
        """Whether the node says that it is active, and each topic has its publisher."""
        return self._is_active and all(self._node.count_publishers(topic) for topic in self._topics)

    @property
    def taken(self) -> int:
        """How many images have been noted."""
        return len(self.labels) + len(self.colors)

    def _hear(self, message: DiagnosticArray) -> None:
        for status in message.status:
            # A node that is about to refuse has its topics for a moment.
            self._is_active |= any((one.key, one.value) == _ACTIVE for one in status.values)
            if status.level == DiagnosticStatus.ERROR:
                self.refusal = status.message

    def _note(self, message: Image) -> None:
        arrived_ns = time.monotonic_ns()
        self.labels.append((stamp_ns(message.header), arrived_ns, message.height, message.width))

    def _count(self, message: Image) -> None:
        self.colors.append(stamp_ns(message.header))


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("soak_listener", description="Notes labels and colours.")
    parser.add_argument("--labels", required=True)
    parser.add_argument("--color", required=True)
    given = parser.parse_args()
    # Whoever started it may ask twice.
    with contextlib.suppress(KeyboardInterrupt), listening("soak_listener") as ears:
        _run(SoakListener(ears.node, given.labels, given.color), ears)


def _run(listener: SoakListener, ears: Listening) -> None:
    events, deadline = Events(enabled=True), time.monotonic() + _PATIENCE_S
    ears.until(lambda: listener.is_ready or bool(listener.refusal) or time.monotonic() > deadline)
    if not (listener.is_ready or ears.is_to_end):
        print(listener.refusal or "the node says nothing", file=sys.stderr)
        return
    events.emit("ready")
    ears.until_told_to_end()
    ears.until_quiet(lambda: listener.taken, _QUIET_S)
    events.emit("figures", labels=listener.labels, colors=listener.colors)


if __name__ == "__main__":
    main()
