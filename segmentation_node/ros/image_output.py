"""What the node publishes for one camera: label and colour images at camera size."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.ros.conversion import ImageMessage
from segmentation_node.ros.qos import IMAGE_PUBLICATION


class OutputSlot:
    """The messages of one frame; their memory is written by the pipeline and used again."""

    def __init__(self) -> None:
        self.labels = ImageMessage("mono8", 1)
        self.color = ImageMessage("rgb8", 3)
        self.holds_color = False
        self.stages_ms: dict[str, float] = {}
        self.computed_s = 0.0

    def buffers(self, height: int, width: int, outputs: Outputs) -> Buffers:
        """The memory that the pipeline writes to.

        Args:
            height: Pixels of the camera image.
            width: Pixels of the camera image.
            outputs: What is to be computed.
        """
        self.holds_color = outputs.color
        labels = self.labels.view(height, width)
        return Buffers(labels, color=self.color.view(height, width) if outputs.color else None)


class ImageOutput:
    """Publishes `~/labels` (mono8) and `~/color` (rgb8), each only while someone listens.

    Args:
        node: The node that publishes.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._labels = node.create_lifecycle_publisher(Image, "~/labels", IMAGE_PUBLICATION)
        self._color = node.create_lifecycle_publisher(Image, "~/color", IMAGE_PUBLICATION)

    @property
    def wanted(self) -> Outputs:
        """What is to be computed now: labels always, colour while someone listens to it."""
        return Outputs(color=self._color.get_subscription_count() > 0)

    @property
    def listeners(self) -> dict[str, int]:
        """How many subscribers each output has."""
        publishers = {"labels": self._labels, "color": self._color}
        return {name: int(one.get_subscription_count()) for name, one in publishers.items()}

    def publish(self, slot: OutputSlot, header: Header) -> None:
        """Send the messages of a slot, under the header of the image that they were made from."""
        if self._labels.get_subscription_count() > 0:
            slot.labels.message.header = header
            self._labels.publish(slot.labels.message)
        if slot.holds_color:
            slot.color.message.header = header
            self._color.publish(slot.color.message)

    def close(self) -> None:
        """Take the topics back."""
        self._node.destroy_lifecycle_publisher(self._labels)
        self._node.destroy_lifecycle_publisher(self._color)
