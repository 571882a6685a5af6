"""Program: replays a bag's topics over ROS 2, in time, from a process of its own.

    python -m segmentation_node.ros.player BAG [--rate R] [--loop] [--start S] [--clock] ...

One thread reads, decodes and prepares ahead; the main thread only waits for the moment of each
message and publishes it. Moments are counted from one beginning, so that delays never add up.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from segmentation_node.bags.images import COMPRESSED_TYPE, IMAGE_TYPES
from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.replay import Due, Timeline, replay
from segmentation_node.errors import BagError, FrameError
from segmentation_node.ros.byte_queue import ByteQueue
from segmentation_node.ros.events import Events
from segmentation_node.ros.play_options import PlayOptions, parse
from segmentation_node.ros.play_report import PlayReport
from segmentation_node.ros.program import run_program
from segmentation_node.ros.replay_clock import TOPIC as CLOCK_TOPIC
from segmentation_node.ros.replay_clock import ReplayClock
from segmentation_node.ros.replay_topic import ReplayTopic, flush, open_topic
from segmentation_node.ros.wall_clock import WallClock

# A small message counts as this much, or a loop of small ones would be read ahead for minutes.
LEAST_BYTES = 1 << 18


@dataclass(frozen=True)
class Ready:
    """A message that only waits for its moment."""

    due: Due
    topic: ReplayTopic
    prepared: Any


class Player:
    """Replays one bag.

    Args:
        node: The node to publish with.
        bag: The open bag.
        options: What to replay, and how.
    """

    def __init__(self, node: Node, bag: BagReader, options: PlayOptions) -> None:
        self._bag, self._options = bag, options
        self._events = Events(options.events)
        self._topics = self._open_topics(node)
        _check_messages(bag, self._topics)
        self._timeline = Timeline.of(bag, self._topics, options.settings)
        self._clock = ReplayClock(node, self._timeline) if options.clock else None
        self._ahead: ByteQueue[Ready] = ByteQueue(options.ahead_mib << 20)
        self._wall = WallClock()
        total = sum(bag.count_of(name) for name in self._topics)
        self.report = PlayReport(total, keeps_rows=options.report is not None)

    def run(self) -> None:
        """Replay until the end of the bag.

        Raises:
            BagError: The bag is damaged further on.
        """
        threading.Thread(target=self._prepare_all, daemon=True).start()
        try:
            self._ahead.wait_until_filled()
            self._events.emit("started", subscribers=self._wait_for_subscribers())
            self._publish_all()
            flush(list(self._topics.values()))
        finally:
            self._ahead.close()
            self._finish()

    def _open_topics(self, node: Node) -> dict[str, ReplayTopic]:
        self._bag.check_topics(self._options.topics)
        opened, names = {}, self._options.topics or sorted(self._bag.topics)
        for name in names:
            if name == CLOCK_TOPIC and self._options.clock:
                continue  # a recorded clock would contradict the one that is told
            if self._options.decode and self._has_twin(name, names):
                print(f"left out {name}: {name}/compressed is played on it", file=sys.stderr)
                continue
            topic = open_topic(node, self._bag, name, self._is_decoded(name))
            if topic is None:
                kind = self._bag.topics.get(name)
                print(f"left out {name}: no package for {kind} is installed", file=sys.stderr)
            else:
                opened[name] = topic
        return opened

    def _has_twin(self, name: str, names: Collection[str]) -> bool:
        """Whether its images are played from their compressed topic; an empty one is no twin."""
        twin = f"{name}/compressed"
        is_compressed = self._bag.topics.get(twin) == COMPRESSED_TYPE
        return twin in names and is_compressed and self._bag.count_of(twin) > 0

    def _is_decoded(self, name: str) -> bool:
        # A raw image is what it was recorded as, unless it was asked for by its name: a depth image
        # is no bgr8, and neither are class ids.
        is_compressed = self._bag.topics.get(name) == COMPRESSED_TYPE
        return self._options.decode and (is_compressed or name in self._options.topics)

    def _prepare_all(self) -> None:
        error: Exception | None = None
        try:
            for due in replay(self._bag, self._topics, self._timeline, self._options.settings):
                if not self._prepare(due):
                    break
        except Exception as found:
            error = found  # of whatever kind: the main thread waits for what comes from here
        self._ahead.close(error)

    def _prepare(self, due: Due) -> bool:
        topic = self._topics[due.message.topic]
        try:
            ready = Ready(due, topic, topic.prepare(due.message))
        except FrameError as error:
            self.report.malformed += 1
            print(f"left out a frame of {due.message.topic}: {error}", file=sys.stderr)
            return True
        return self._ahead.put(ready, max(topic.size(ready.prepared), LEAST_BYTES))

    def _wait_for_subscribers(self) -> int:
        """Wait for a subscriber of every image topic, or for the time set; return the fewest."""
        images = [
            topic for name, topic in self._topics.items() if self._bag.topics[name] in IMAGE_TYPES
        ]
        deadline = time.monotonic() + self._options.wait_s
        while (fewest := _fewest_subscribers(images)) == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        return fewest

    def _publish_all(self) -> None:
        begin_ns = time.monotonic_ns()
        if self._clock is not None:
            self._clock.start(begin_ns)
        for ready in self._ahead:
            _sleep_until(begin_ns + ready.due.offset_ns)
            self._publish(ready, begin_ns + ready.due.offset_ns)
            if self._clock is not None:
                self._clock.check()

    def _publish(self, ready: Ready, due_ns: int) -> None:
        late_ns = time.monotonic_ns() - due_ns
        stamp_ns = self._wall.now_ns()
        ready.topic.send(ready.prepared, stamp_ns if self._options.restamp else None)
        message = ready.due.message
        self.report.add(message.topic, message.time_ns, stamp_ns, late_ns)
        total = 0 if self._options.settings.loop else self.report.total
        self._events.progress(sent=self.report.sent, total=total)

    def _finish(self) -> None:
        if self._clock is not None:
            self._clock.stop()
        if self._options.report is not None:
            self.report.write(self._options.report)
        self._events.emit("finished", **self.report.summary())


def _check_messages(bag: BagReader, topics: Collection[str]) -> None:
    """Refuse to play nothing: whoever waits for images would wait for ever."""
    if not any(bag.count_of(name) for name in topics):
        counts = {name: bag.count_of(name) for name in sorted(bag.topics)}
        held = ", ".join(f"{name} ({count})" for name, count in counts.items())
        raise BagError(
            received=f"{bag.path} without a message to play; its topics: {held or 'none'}",
            expected="topics with messages, of types that are installed here",
            fix="give another bag, or name topics of this one by --topics",
        )


def _fewest_subscribers(topics: list[ReplayTopic]) -> int:
    return min((topic.publisher.get_subscription_count() for topic in topics), default=0)


def _sleep_until(moment_ns: int) -> None:
    remaining_ns = moment_ns - time.monotonic_ns()
    if remaining_ns > 0:
        time.sleep(remaining_ns / 1e9)


def play(options: PlayOptions) -> None:
    """Replay a bag on this machine's ROS 2 network.

    Raises:
        SegmentationError: The bag or an option is at fault.
    """
    with BagReader(options.bag) as bag:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        try:
            node = Node("player", enable_rosout=False, start_parameter_services=False)
            Player(node, bag, options).run()
            node.destroy_node()
        finally:
            rclpy.try_shutdown()


def main() -> int:
    """Run the program; give its exit status."""
    return run_program(lambda: play(parse()))


if __name__ == "__main__":
    sys.exit(main())
