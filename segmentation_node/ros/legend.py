"""What the ids in label images mean: published once, and kept for whoever subscribes later."""

from __future__ import annotations

import json
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from sensor_msgs.msg import Image
from std_msgs.msg import String

from segmentation_node.core.label_set import LabelSet
from segmentation_node.media.legend import legend_image
from segmentation_node.ros.conversion import ImageMessage
from segmentation_node.ros.qos import LATCHED_PUBLICATION


def legend_json(labels: LabelSet) -> str:
    """The label set as JSON: name, id for "no class", and for each id in label images its class.

    Args:
        labels: What label images hold.
    """
    classes = [
        {
            "id": label.pixel,
            "name": label.name,
            "color": list(label.color),
            "category": label.category,
            "ignored": label.ignored,
        }
        for label in labels.listed
    ]
    return json.dumps({"name": labels.name, "ignore_id": labels.ignore_id, "classes": classes})


class Legend:
    """Publishes what label images hold, kept for whoever subscribes later.

    `~/legend` is JSON, `~/legend_image` a picture of it for RViz, and `~/label_info` is there where
    vision_msgs is installed.

    Args:
        node: The node that publishes.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._legend = node.create_lifecycle_publisher(String, "~/legend", LATCHED_PUBLICATION)
        self._image = node.create_lifecycle_publisher(Image, "~/legend_image", LATCHED_PUBLICATION)
        self._vision_msgs = vision_msgs()
        self._label_info: LifecyclePublisher | None = None
        if self._vision_msgs is None:
            node.get_logger().info(
                "no ~/label_info: vision_msgs is not installed, or too old (apt install "
                "ros-$ROS_DISTRO-vision-msgs); ~/legend says the same as JSON"
            )
        else:
            self._label_info = node.create_lifecycle_publisher(
                self._vision_msgs.LabelInfo, "~/label_info", LATCHED_PUBLICATION
            )

    def publish(self, labels: LabelSet) -> None:
        """Say what label images hold from now on.

        Args:
            labels: Their ids, names, colours and categories.
        """
        self._legend.publish(String(data=legend_json(labels)))
        now = self._node.get_clock().now().to_msg()
        picture = image_of(labels)
        picture.header.stamp = now
        self._image.publish(picture)
        if self._label_info is not None:
            info = label_info(labels, self._vision_msgs)
            info.header.stamp = now
            self._label_info.publish(info)

    def close(self) -> None:
        """Take the topics back."""
        for publisher in (self._legend, self._image, self._label_info):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)


def image_of(labels: LabelSet) -> Image:
    """The label set as an image: a chip and a name for each class.

    Args:
        labels: What label images hold.
    """
    pixels = legend_image(labels)
    drawn = ImageMessage("rgb8", 3)
    drawn.view(*pixels.shape[:2])[:] = pixels
    return drawn.message


def label_info(labels: LabelSet, messages: Any) -> Any:
    """The label set as a `vision_msgs/LabelInfo`; "no class" is listed as well.

    Args:
        labels: What label images hold.
        messages: The module `vision_msgs.msg`.
    """
    classes = [
        messages.VisionClass(class_id=label.pixel, class_name=label.name) for label in labels.listed
    ]
    return messages.LabelInfo(class_map=classes)


def vision_msgs() -> Any | None:
    """The module `vision_msgs.msg`; None where it is not installed, or too old for LabelInfo."""
    try:
        import vision_msgs.msg as messages  # noqa: PLC0415 - few machines without ROS have it
    except ImportError:
        return None
    return messages if hasattr(messages, "LabelInfo") else None
