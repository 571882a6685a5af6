"""Publishes the bag's time on /clock while it is replayed, for nodes on simulated time."""

from __future__ import annotations

import threading
import time

from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from segmentation_node.bags.replay import Timeline

TOPIC = "/clock"
_PERIOD_S = 0.01


class ReplayClock:
    """Tells the time of the bag a hundred times a second, on a thread of its own.

    Args:
        node: The node to publish with.
        timeline: The layout of the replay.
    """

    def __init__(self, node: Node, timeline: Timeline) -> None:
        self._publisher = node.create_publisher(Clock, TOPIC, 10)
        self._timeline = timeline
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._begin_ns = 0
        self._error: Exception | None = None

    def start(self, begin_ns: int) -> None:
        """Begin to tell the time.

        Args:
            begin_ns: The monotonic moment at which the replay begins, ns.
        """
        self._begin_ns = begin_ns
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the clock stands still from now on."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def check(self) -> None:
        """Raise what ended the thread, if anything did: nodes would wait for their time for ever.

        Raises:
            Exception: What publishing the time raised.
        """
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._tell_the_time()
        except Exception as error:
            self._error = error

    def _tell_the_time(self) -> None:
        while not self._stopped.wait(_PERIOD_S):
            offset_ns = max(0, time.monotonic_ns() - self._begin_ns)
            message = Clock()
            seconds = divmod(self._timeline.time_ns(offset_ns), 1_000_000_000)
            message.clock.sec, message.clock.nanosec = seconds
            self._publisher.publish(message)
