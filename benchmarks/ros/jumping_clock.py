"""Simulated time for a soak: it begins with the wall's and can jump."""

from __future__ import annotations

import threading
import time

import rclpy
from rosgraph_msgs.msg import Clock

_PERIOD_S = 0.02


class JumpingClock:
    """Tells it on /clock, from a thread and a node of its own, until it is closed."""

    def __init__(self) -> None:
        self._node = rclpy.create_node("soak_clock")
        self._publisher = self._node.create_publisher(Clock, "/clock", 10)
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._thread.start()

    def now_ns(self) -> int:
        """The time that it tells, ns."""
        return time.monotonic_ns() + self._offset_ns

    def jump(self, seconds: int) -> None:
        """Go so far ahead; negative: back."""
        self._offset_ns += seconds * 1_000_000_000

    def close(self) -> None:
        """Tell no time any more."""
        self._stopped.set()
        self._thread.join()
        self._node.destroy_node()

    def _run(self) -> None:
        while not self._stopped.wait(_PERIOD_S):
            message = Clock()
            message.clock.sec, message.clock.nanosec = divmod(self.now_ns(), 1_000_000_000)
            self._publisher.publish(message)
