"""Spinning that a signal ends without a traceback."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from segmentation_node.ros.stop_request import StopRequest


def spin(node: Node, stop: StopRequest, on_request: Callable[[], None] = lambda: None) -> None:
    """Run a node's callbacks on this thread until the program is asked to stop.

    `rclpy.spin` beside rclpy's own signal handlers now and then ends with an RCLError: the
    handlers take the context away between its last check and the wait
    (https://github.com/ros2/ros2cli/pull/854). rclpy is to be initialised without them.

    Args:
        node: The node; it lives on.
        stop: The request that ends it.
        on_request: Called on a thread of its own when the request comes, so that a callback which
            takes long can be told to end.
    """
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    # A callback, even one that does nothing, makes the executor return.
    wake = node.create_guard_condition(lambda: None)

    def end() -> None:
        on_request()
        wake.trigger()

    stop.tell(end)
    try:
        while not stop.asked:
            executor.spin_once()
    finally:
        stop.tell(lambda: None)
        executor.shutdown()
        node.destroy_guard_condition(wake)
