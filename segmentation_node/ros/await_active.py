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


def main() -> int:
    """Run the program; the exit status is 1 where it was told to end before."""
    rclpy.init(args=[])
    node = rclpy.create_node("await_active")
    try:
        while not is_active(node, sys.argv[1]):
            # One that is not active answers at once.
            time.sleep(PERIOD_S)
    except KeyboardInterrupt:
        return 1
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
