"""Program: records topics into a bag, from a process of its own, and takes little time for it.

    python -m segmentation_node.ros.recorder OUT.mcap --topics /a /b [--events]

Messages are taken as the bytes that arrived, with the moment of their arrival. A second thread
compresses and writes them; it begins when the memory for them is nearly full, or at the end, so
that a short recording takes no time from the programs that it records. The event `ready` says that
every topic has its publisher: what is published from then on is recorded.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rclpy.signals import SignalHandlerOptions

from segmentation_node.bags.writer import BagWriter
from segmentation_node.ros.byte_queue import ByteQueue
from segmentation_node.ros.events import Events
from segmentation_node.ros.message_types import message_class, quality_of_service
from segmentation_node.ros.program import run_program
from segmentation_node.ros.wall_clock import WallClock

DIAGNOSTICS_TYPE = "diagnostic_msgs/msg/DiagnosticArray"
_REST_S = 5.0  # longest time to take what has arrived when the recording is ended
_DEPTH = 100  # messages that the middleware keeps while this process gets no time


@dataclass(frozen=True)
class Arrival:
    """A message as it came, still serialised, and when, ns since the epoch."""

    topic: str
    time_ns: int
    data: bytes


class Recorder:
    """Subscribes to topics as their publishers appear, and writes what comes.

    Args:
        node: The node to subscribe with.
        bag: Where to write.
        topics: The topics wanted.
        events: Where progress is told.
        hold_mib: Memory for what has arrived; writing begins when it is nearly full, or at the end.
    """

    def __init__(
        self, node: Node, bag: BagWriter, topics: list[str], events: Events, hold_mib: int
    ) -> None:
        self._node, self._bag, self._events = node, bag, events
        self._missing = dict.fromkeys(topics)
        self._subscriptions: dict[str, Any] = {}
        self._types: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._wall = WallClock()
        self._queue: ByteQueue[Arrival] = ByteQueue(hold_mib << 20)
        self._writer = threading.Thread(target=self._write_all)
        self._is_ready = False
        self._error: Exception | None = None

    def run(self) -> None:
        """Record until the process is told to end; what has arrived is then written.

        Raises:
            OutputError: The bag cannot be written.
        """
        executor = SingleThreadedExecutor()
        executor.add_node(self._node)
        self._writer.start()
        try:
            while self._writer.is_alive():
                self._look_for_publishers()
                executor.spin_once(timeout_sec=0.2 if self._is_ready else 0.02)
                self._events.progress(counts=dict(self._counts))
        except KeyboardInterrupt:  # the way to end a recording
            self._take_the_rest(executor)
        finally:
            executor.shutdown()
            self._finish()

    def _take_the_rest(self, executor: SingleThreadedExecutor) -> None:
        """Take what has arrived: of each topic a turn takes one message, and more may wait."""
        deadline, taken = time.monotonic() + _REST_S, -1
        while taken < self._counts.total() and time.monotonic() < deadline:
            taken = self._counts.total()
            for _ in self._subscriptions:
                executor.spin_once(timeout_sec=0.05)

    def _look_for_publishers(self) -> None:
        """Subscribe to what has appeared; say once when every topic is connected."""
        if self._is_ready:
            return
        for topic in list(self._missing):
            publishers = self._node.get_publishers_info_by_topic(topic)
            if publishers:
                self._subscribe(topic, publishers)
        if not self._missing and all(map(_is_matched, self._subscriptions.values())):
            self._is_ready = True
            self._events.emit("ready", topics=self._types)

    def _subscribe(self, topic: str, publishers: list[Any]) -> None:
        msgtype = publishers[0].topic_type
        policies = {publisher.qos_profile.reliability for publisher in publishers}
        # A reliable subscription gets nothing from a best-effort publisher; the reverse works.
        best_effort = ReliabilityPolicy.BEST_EFFORT in policies
        qos = quality_of_service(best_effort=best_effort, latched=False, depth=_DEPTH)
        kind = message_class(msgtype)
        del self._missing[topic]
        if kind is not None:
            self._types[topic] = msgtype
            self._subscriptions[topic] = self._node.create_subscription(
                kind, topic, self._taker(topic, kind), qos, raw=True
            )

    def _taker(self, topic: str, kind: Any) -> Callable[[bytes], None]:
        is_diagnostics = self._types[topic] == DIAGNOSTICS_TYPE

        def take(data: bytes) -> None:
            arrival = Arrival(topic, self._wall.now_ns(), data)
            self._queue.put(arrival, len(data))
            self._counts[topic] += 1
            if is_diagnostics:
                self._tell_diagnostics(deserialize_message(data, kind))

        return take

    def _tell_diagnostics(self, message: Any) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            level = int.from_bytes(status.level, "little")
            self._events.emit(
                "diagnostics", name=status.name, level=level, message=status.message, values=values
            )

    def _write_all(self) -> None:
        try:
            self._write_queued()
        except Exception as error:
            # Of whatever kind: else the recording would go on, and end as if all were written.
            self._error = error
            self._queue.close()

    def _write_queued(self) -> None:
        connections: dict[str, Any] = {}
        self._queue.wait_until_filled()
        for arrival in self._queue:
            if arrival.topic not in connections:
                msgtype = self._types[arrival.topic]
                connections[arrival.topic] = self._bag.add_topic(arrival.topic, msgtype)
            self._bag.write(connections[arrival.topic], arrival.time_ns, arrival.data)

    def _finish(self) -> None:
        self._queue.close()
        self._writer.join()
        if self._error is not None:
            raise self._error
        self._events.emit("finished", counts=self._counts)


def _is_matched(subscription: Any) -> bool:
    return int(subscription.get_publisher_count()) > 0


def record(path: Path, topics: list[str], events: Events, hold_mib: int) -> None:
    """Record until the process is told to end.

    Args:
        path: The bag to write.
        topics: The topics wanted.
        events: Where progress is told.
        hold_mib: Memory for what has arrived and is not written yet.

    Raises:
        OutputError: The bag cannot be written.
    """
    # Label and palette images shrink to a hundredth, faster than a disk would take them.
    with BagWriter(path, compress=True) as bag:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        try:
            node = Node("recorder", enable_rosout=False, start_parameter_services=False)
            Recorder(node, bag, topics, events, hold_mib).run()
            node.destroy_node()
        finally:
            rclpy.try_shutdown()


def main() -> int:
    """Run the program; give its exit status."""
    return run_program(_record_as_told)


def _record_as_told() -> None:
    parser = argparse.ArgumentParser("recorder", description="Records topics into a bag.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--topics", nargs="+", required=True)
    parser.add_argument("--hold-mib", type=int, default=64)
    parser.add_argument("--events", action="store_true")
    given = parser.parse_args()
    record(given.output, given.topics, Events(given.events), max(1, given.hold_mib))


if __name__ == "__main__":
    sys.exit(main())
