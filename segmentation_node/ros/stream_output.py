"""All that is published for one camera."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from segmentation_node.cameras import Camera
from segmentation_node.ros.camera_info import CameraInfoRelay
from segmentation_node.ros.image_output import IMAGES, ImageOutput
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.timing_output import TimingOutput


class StreamOutput:
    """Owns a camera's topics from configuring to cleaning up.

    Args:
        node: The node that publishes.
        camera: The camera.
        complain: Logs a sentence of a kind: (kind, sentence).
    """

    def __init__(
        self, node: LifecycleNode, camera: Camera, complain: Callable[[str, str], None]
    ) -> None:
        self.images = ImageOutput(node, camera)
        self.camera_info = CameraInfoRelay(
            node, camera.topic_of("camera_info"), complain, map(camera.topic_of, IMAGES)
        )
        self.timing = TimingOutput(node, camera)

    @property
    def facts(self) -> dict[str, object]:
        """Who listens to what, and what is known of the camera, by the keys of the diagnostics."""
        listeners = {**self.images.listeners, "camera_info": self.camera_info.listeners}
        counts = {f"{name}_listeners": count for name, count in listeners.items()}
        return {"camera_info": self.camera_info.state, **counts}

    def publish(self, slot: OutputSlot, header: Header) -> None:
        """Send what a slot holds as it is, and the calibration that fits it."""
        self.camera_info.publish(slot.window, header)
        self.images.publish(slot, header)

    def close(self) -> None:
        """Take all topics back."""
        self.images.close()
        self.camera_info.close()
        self.timing.close()
