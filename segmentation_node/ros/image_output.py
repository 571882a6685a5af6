"""The images that the node publishes for one camera, each made only while someone listens."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from segmentation_node.cameras import Camera
from segmentation_node.config import NodeConfig
from segmentation_node.pipeline.buffers import Outputs
from segmentation_node.ros.compression import CompressedMessage
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.qos import IMAGE_PUBLICATION
from segmentation_node.ros.topic_names import companion

IMAGES = ("labels", "color", "overlay", "confidence")
"""Published as they are, in this order: who waits for labels need not wait for a picture."""

COMPRESSED = ("labels", "color", "overlay")
"""Published compressed as well, on `~/<name>/compressed`."""


class ImageOutput:
    """Publishes `~/labels`, `~/color`, `~/overlay`, `~/confidence` and compressed variants.

    Args:
        node: The node that publishes.
        camera: Its name, and which of them are made, and how; `adjust` changes that.
    """

    def __init__(self, node: LifecycleNode, camera: Camera) -> None:
        self._node = node
        self._topic_of = camera.topic_of
        self._config = camera.config
        self._raw = {name: self._publisher(Image, name) for name in IMAGES}
        self._compressed = {
            name: node.create_lifecycle_publisher(
                CompressedImage, self._compressed_topic(name), IMAGE_PUBLICATION
            )
            for name in COMPRESSED
        }
        self._messages = {name: CompressedMessage() for name in COMPRESSED}

    def adjust(self, config: NodeConfig) -> None:
        """Use other settings from the next frame on."""
        self._config = config

    @property
    def wanted(self) -> Outputs:
        """What is to be computed now: labels always, the others while someone listens to them."""
        return Outputs(
            color=self._is_wanted("color"),
            overlay=self._is_wanted("overlay"),
            confidence=self._is_wanted("confidence"),
            alpha=self._config.overlay_alpha,
        )

    @property
    def listeners(self) -> dict[str, int]:
        """How many subscribers each output has."""
        topics = {**self._raw, **{f"{name}_compressed": p for name, p in self._compressed.items()}}
        return {name: int(one.get_subscription_count()) for name, one in topics.items()}

    def publish(self, slot: OutputSlot, header: Header) -> None:
        """Send the images of a slot, under the header of the image that they were made from."""
        for name, publisher in self._raw.items():
            message = slot.message(name)
            if message is not None and publisher.get_subscription_count() > 0:
                message.header = header
                publisher.publish(message)

    def publish_compressed(self, slot: OutputSlot, header: Header) -> None:
        """Compress and send those images of a slot that someone listens to.

        Raises:
            FrameError: An image is too large for its codec.
        """
        for name in COMPRESSED:
            pixels = slot.pixels(name)
            if pixels is not None and self._is_heard_compressed(name):
                codec, quality = self._codec(name), self._config.jpeg_quality
                message = self._messages[name].fill(pixels, codec, quality)
                message.header = header
                self._compressed[name].publish(message)

    def close(self) -> None:
        """Take the topics back."""
        for publisher in (*self._raw.values(), *self._compressed.values()):
            self._node.destroy_lifecycle_publisher(publisher)

    def _publisher(self, kind: type, name: str) -> LifecyclePublisher:
        return self._node.create_lifecycle_publisher(kind, self._topic_of(name), IMAGE_PUBLICATION)

    def _compressed_topic(self, name: str) -> str:
        base = self._topic_of(name)
        return companion(self._node, base, f"{base}/compressed")

    def _is_wanted(self, name: str) -> bool:
        if not getattr(self._config, f"publish_{name}"):
            return False
        return self._raw[name].get_subscription_count() > 0 or self._is_heard_compressed(name)

    def _is_heard_compressed(self, name: str) -> bool:
        if name not in COMPRESSED or not self._config.publish_compressed:
            return False
        return bool(self._compressed[name].get_subscription_count() > 0)

    def _codec(self, name: str) -> str:
        # Label ids must survive, so JPEG is no choice for them.
        return "png" if name == "labels" else str(getattr(self._config, f"{name}_compression"))
