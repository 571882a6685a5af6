"""Program: ends once a lifecycle node is active, for launch files that start something after it.

    python -m segmentation_node.ros.await_active /segmentation_node

It asks again and again: an event of the transition may come before anybody listens to it.
"""

from __future__ import annotations

import sys
import time

import rclpy
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from segmentation_node.ros.program import INTERRUPTED, run_program

PERIOD_S = 0.5
"""Seconds to wait for an answer, and before asking again."""


def is_active(node: Node, name: str) -> bool:
    """Ask a lifecycle node once.

    Args:
        node: The node to ask with.
        name: Full name of the node that is asked.

    Returns:
        Whether it says that it is active; False where it does not answer.
    """
    client = node.create_client(GetState, f"{name}/get_state")
    try:
        if not client.wait_for_service(PERIOD_S):
            return False
        answer = client.call_async(GetState.Request())
        rclpy.spin_until_future_complete(node, answer, timeout_sec=PERIOD_S)
        said = answer.result() if answer.done() else None
        return said is not None and said.current_state.id == State.PRIMARY_STATE_ACTIVE
    finally:
        node.destroy_client(client)


def await_active(name: str) -> None:
    """Return once a lifecycle node is active.

    Args:
        name: Full name of the node.
    """
    # With rclpy's own handlers a signal takes the context away under whatever is being asked.
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node("await_active", enable_rosout=False, start_parameter_services=False)
        while not is_active(node, name):
            # One that is not active answers at once.
            time.sleep(PERIOD_S)
    finally:
        rclpy.try_shutdown()


def main() -> int:
    """Run the program; give its exit status."""
    return run_program(lambda: await_active(sys.argv[1]), INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
