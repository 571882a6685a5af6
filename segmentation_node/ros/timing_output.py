"""The time of each stage as a number of its own, for PlotJuggler and rqt_plot."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Float64

from segmentation_node.cameras import Camera
from segmentation_node.ros.qos import TIMING_PUBLICATION

STAGES = (
    "wait",
    "read",
    "preprocess",
    "inference",
    "postprocess",
    "handover",
    "publish",
    "encode",
    "total",
    "input_age",
)
"""In the order in which a frame goes through them, then the sum, and the age before all of them."""


class TimingOutput:
    """Publishes `~/timing/<stage>_ms` for every answered frame, each while someone listens.

    Args:
        node: The node that publishes.
        camera: The camera whose frames are timed.
    """

    def __init__(self, node: LifecycleNode, camera: Camera) -> None:
        self._node = node
        self._publishers = {
            stage: node.create_lifecycle_publisher(
                Float64, camera.topic_of(f"timing/{stage}_ms"), TIMING_PUBLICATION
            )
            for stage in STAGES
        }
        self._message = Float64()

    def publish(self, stages_ms: Mapping[str, float]) -> None:
        """Send the times of one frame.

        Args:
            stages_ms: Milliseconds by stage; a stage that is missing is not sent.
        """
        for stage, publisher in self._publishers.items():
            if stage in stages_ms and publisher.get_subscription_count() > 0:
                self._message.data = float(stages_ms[stage])
                publisher.publish(self._message)

    def close(self) -> None:
        """Take the topics back."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
