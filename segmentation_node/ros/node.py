"""The program `segmentation_node`: one node, spun until Ctrl-C or SIGTERM."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from segmentation_node.errors import ConfigError
from segmentation_node.installing import without
from segmentation_node.ros.parameter_files import (
    check_parameter_file,
    node_names,
    parameter_files,
)
from segmentation_node.ros.program import INTERRUPTED
from segmentation_node.ros.stop_request import StopRequest, ignore_signals
from segmentation_node.transport import TransportPlan, prepare_process


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node.

    Args:
        arguments: Words of the command line, ROS arguments among them; the process's own when
            None.

    Returns:
        The exit status: 0 also after Ctrl-C and SIGTERM, 130 after one that insisted, and 1 where
        the node could not go on.
    """
    stop = StopRequest()
    transport = prepare_process()
    try:
        # Only now: Fast DDS reads its environment when rclpy loads it.
        import rclpy  # noqa: PLC0415
        from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

        from segmentation_node.ros import lifecycle_node  # noqa: F401, PLC0415
    except ModuleNotFoundError as missing:
        print(f"error: {without(missing)}", file=sys.stderr)
        stop.close()
        return 1
    words = list(sys.argv if arguments is None else arguments)
    try:
        rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # rclpy's RCLError
        print(f"error: {_why_not(words, error)}", file=sys.stderr)
        stop.close()
        return 1
    try:
        failed = _run(stop, transport, words)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        rclpy.shutdown()
        asked = stop.asked
        stop.close()
        if asked:
            # The same wish may come again, and would end the interpreter on its way out.
            ignore_signals()
    return int(failed)


def _why_not(words: Sequence[str], error: RuntimeError) -> str:
    """Why the arguments were refused: rcl itself names the lines of its own source."""
    try:
        for file in parameter_files(words):
            node_names(file)
    except ConfigError as fault:
        return str(fault)
    return str(
        ConfigError(
            received=f"arguments that ROS does not take ({str(error).partition(', at /')[0]})",
            expected="--ros-args with --params-file FILE, -p NAME:=VALUE, -r OLD:=NEW and the like",
            fix="correct what it names",
        )
    )


def _run(stop: StopRequest, transport: TransportPlan, words: Sequence[str]) -> bool:
    """Run the node until it is to stop; give whether it could not go on."""
    from segmentation_node.ros.lifecycle_node import SegmentationNode  # noqa: PLC0415
    from segmentation_node.ros.spinning import spin  # noqa: PLC0415

    node = SegmentationNode()
    for note in transport.notes:
        node.get_logger().info(note)
    for warning in transport.warnings:
        node.get_logger().warning(warning)
    for file in parameter_files(words):
        try:
            check_parameter_file(file, node.get_fully_qualified_name())
        except ConfigError as error:  # noqa: PERF203
            node.get_logger().warning(str(error))
    failed = threading.Event()

    def end() -> None:
        failed.set()
        stop.ask()

    node.on_failed = end
    try:
        # A transition that builds an engine occupies the executor until it is told to stop.
        spin(node, stop, on_request=node.stop)
    finally:
        node.destroy_node()
    return failed.is_set()


if __name__ == "__main__":
    sys.exit(main())
