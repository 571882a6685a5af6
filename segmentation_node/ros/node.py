"""The program `segmentation_node`: one node, spun until Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence

from segmentation_node.transport import prepare_process


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node.

    Args:
        arguments: Words of the command line, ROS arguments among them; the process's own when
            None.

    Returns:
        The exit status: 0 also after Ctrl-C and SIGTERM.
    """
    asked_to_end = _note_signals()
    transport = prepare_process()
    # Only now: Fast DDS reads its environment once, when rclpy loads it.
    import rclpy  # noqa: PLC0415
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: PLC0415

    from segmentation_node.ros.lifecycle_node import SegmentationNode  # noqa: PLC0415

    rclpy.init(args=None if arguments is None else list(arguments))
    node = SegmentationNode()
    for note in transport.notes:
        node.get_logger().info(note)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        if not asked_to_end.is_set():
            executor.spin()
    except ExternalShutdownException:
        node.get_logger().debug("asked to end")
    finally:
        node.close()
        executor.shutdown()
        node.destroy_node()
        rclpy.get_default_context().try_shutdown()
    return 0


def _note_signals() -> threading.Event:
    """Take the first signal in peace, so that nothing is torn in the middle.

    rclpy's own handlers, installed on top of these, shut the context down, which ends the spinning
    from outside any callback. A second signal raises KeyboardInterrupt wherever the program is.
    """
    asked = threading.Event()

    def note(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    return asked


if __name__ == "__main__":
    sys.exit(main())
