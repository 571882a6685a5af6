"""The node that does nothing: what the way there and back costs by itself.

    python -m benchmarks.race.echo_node [--reliable]

It sends each camera image back as it came, on the topic on which others send labels.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from benchmarks.naive_node import run_node


class EchoNode(Node):  # type: ignore[misc]
    """Sends images back.

    Args:
        best_effort: Whether camera images are subscribed to as sensor data, or reliably.
    """

    def __init__(self, best_effort: bool = True) -> None:
        super().__init__("segmentation_node")
        self._publisher = self.create_publisher(Image, "~/labels", 10)
        quality = qos_profile_sensor_data if best_effort else 10
        self.create_subscription(Image, "/camera/image_raw", self._publisher.publish, quality)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("echo_node", description="Sends camera images back.")
    parser.add_argument("--reliable", action="store_true", help="ask for lost images again")
    options = parser.parse_args(arguments)
    run_node(lambda: (EchoNode(not options.reliable), {"engine": "none"}))


if __name__ == "__main__":
    main()
