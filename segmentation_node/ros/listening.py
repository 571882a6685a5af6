"""What the programs have in common that listen to a node until they are told to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from segmentation_node.ros.stop_request import StopRequest
from segmentation_node.transport import prepare_process

SETTLE_S = 60.0
"""Longest time to wait until nothing is on its way any more."""

_TURN_S = 0.1  # after which what does not come as a message is looked at


class Listening:
    """A node whose callbacks run on this thread, turn by turn.

    Args:
        node: The node; it is destroyed by `close`.
        stop: The request that ends the program.
    """

    def __init__(self, node: Node, stop: StopRequest) -> None:
        self.node = node
        self._stop = stop
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)

    @property
    def is_to_end(self) -> bool:
        """Whether the program is told to end."""
        return self._stop.asked

    def spin(self) -> None:
        """Run a callback, or wait a moment for one."""
        self._executor.spin_once(timeout_sec=_TURN_S)

    def until(self, condition: Callable[[], bool]) -> None:
        """Listen until something holds, or the program is told to end."""
        while not (self.is_to_end or condition()):
            self.spin()

    def until_told_to_end(self) -> None:
        """Listen until the program is told to end."""
        self.until(lambda: False)

    def until_quiet(
        self,
        taken: Callable[[], int],
        quiet_s: float,
        is_complete: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take what is still on its way, for `SETTLE_S` at most.

        Args:
            taken: Counts what has come.
            quiet_s: Seconds without anything new after which nothing is on its way. They count
                from now on: a process that got no time has some behind it.
            is_complete: Whether what came is all that is waited for.
        """
        begun_s = quiet_since_s = time.monotonic()
        before = taken()
        while (now_s := time.monotonic()) - begun_s < SETTLE_S:
            if taken() > before:
                quiet_since_s, before = now_s, taken()
            if now_s - quiet_since_s > quiet_s and is_complete():
                return
            self.spin()

    def close(self) -> None:
        """Run no more callbacks, and destroy the node."""
        self._executor.shutdown()
        self.node.destroy_node()


@contextmanager
def listening(name: str) -> Iterator[Listening]:
    """Make a process a node of ROS whose signals are requests to end, and nothing of it after that.

    Args:
        name: The node's.
    """
    stop = StopRequest()
    try:
        prepare_process()
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node(name)
        found = Listening(node, stop)
        try:
            yield found
        finally:
            found.close()
    finally:
        rclpy.try_shutdown()
        stop.close()
