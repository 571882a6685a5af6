"""Program: listens to what any node answers, and times each label image, for measurements.

    python -m benchmarks.ros.image_sink --labels TOPIC [--color TOPIC] [--best-effort]

It asks nothing of the node but its topics, so that every node is listened to alike. It says `ready`
when each topic has its publisher. Told to end, it waits until nothing is on its way any more, and
says `figures`: for each label image the stamp (ns) and the time from it to the arrival (ms), how
many colour images came, and the last words on /diagnostics. What the source sent to warm up is left
out.

With `--timing NODE` it also notes what our node says of each frame's stages and when the middleware
had each label image: where the time goes is made of that.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Float64

from benchmarks.ros.camera_source import WARM_UP
from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.events import Events
from segmentation_node.ros.listening import Listening, listening
from segmentation_node.ros.timing_output import STAGES

_DEPTH = 100  # images that the middleware keeps while this process gets no time


class ImageSink:
    """Takes note of images as they arrive.

    Args:
        node: The node to listen with.
        labels: The topic of label images.
        color: The topic of colour images; empty for none.
        best_effort: Whether to listen without asking again for what was lost.
    """

    def __init__(self, node: Node, labels: str, color: str = "", best_effort: bool = False) -> None:
        self._node = node
        self.labels: list[tuple[int, float]] = []
        """Of each label image the stamp in ns, and milliseconds from it to the arrival."""
        self.marks: list[tuple[int, int]] = []
        """When the middleware sent and had each of them, ns since the epoch; with `time_stages`."""
        self.colors = 0
        self.stages_ms: dict[str, list[float]] = {}
        """What our node says of each frame, the latest last; with `time_stages`."""
        self.words: dict[str, dict[str, str]] = {}
        """The latest diagnostics: key and value, by name of the status."""
        self.taken = 0
        """How many label images came, those of the warm-up included."""
        self._topics: list[str] = []
        reliability = ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
        self._quality = QoSProfile(depth=_DEPTH, reliability=reliability)
        self._subscription = self._listen(Image, labels, self._note)
        if color:
            self._listen(Image, color, self._count)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, 10)

    @property
    def is_ready(self) -> bool:
        """Whether each topic has its publisher."""
        return all(self._node.count_publishers(topic) for topic in self._topics)

    def time_stages(self, name: str) -> None:
        """Note the stages of our node, and the middleware's own times.

        Args:
            name: Full name of the node.
        """
        self._subscription.callback = self._note_marked
        for stage in STAGES:
            found = self.stages_ms.setdefault(stage, [])
            self._listen(Float64, f"{name}/timing/{stage}_ms", lambda m, f=found: f.append(m.data))

    def _listen(self, kind: type, topic: str, callback: Callable[..., object]) -> Any:
        self._topics.append(topic)
        return self._node.create_subscription(kind, topic, callback, self._quality)

    def _note(self, message: Image) -> bool:
        now = self._node.get_clock().now().nanoseconds
        self.taken += 1
        if message.header.frame_id == WARM_UP:
            return False
        stamp = stamp_ns(message.header)
        self.labels.append((stamp, (now - stamp) * 1e-6))
        return True

    def _note_marked(self, message: Image, info: dict[str, int]) -> None:
        if self._note(message):
            self.marks.append((info["source_timestamp"], info["received_timestamp"]))

    def _count(self, message: Image) -> None:
        self.colors += message.header.frame_id != WARM_UP

    def _hear(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.words[status.name] = {one.key: one.value for one in status.values}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("image_sink", description="Times label images of any node.")
    parser.add_argument("--labels", required=True)
    parser.add_argument("--color", default="")
    parser.add_argument("--best-effort", action="store_true")
    parser.add_argument("--timing", default="", help="full name of our node")
    parser.add_argument(
        "--quiet", type=float, default=2.0, help="seconds after which no image is on its way"
    )
    given = parser.parse_args(arguments)
    with listening("image_sink") as ears:
        sink = ImageSink(ears.node, given.labels, given.color, given.best_effort)
        if given.timing:
            sink.time_stages(given.timing)
        _run(sink, ears, given.quiet)


def _run(sink: ImageSink, ears: Listening, quiet_s: float) -> None:
    events = Events(enabled=True)
    ears.until(lambda: sink.is_ready)
    events.emit("ready")
    ears.until_told_to_end()
    ears.until_quiet(lambda: sink.taken, quiet_s)
    events.emit(
        "figures",
        labels=sink.labels,
        colors=sink.colors,
        marks=sink.marks,
        stages_ms=sink.stages_ms,
        diagnostics=sink.words,
    )


if __name__ == "__main__":
    main()
