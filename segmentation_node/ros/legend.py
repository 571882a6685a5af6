"""What the ids in label images mean: published once, and kept for whoever subscribes later."""

from __future__ import annotations

import json
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from std_msgs.msg import String

from segmentation_node.core.label_set import LabelSet
from segmentation_node.ros.qos import LATCHED_PUBLICATION


def legend_json(labels: LabelSet) -> str:
    """The label set as JSON: name, id for "no class", and for each class its pixel value.

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
        for label in labels.labels
    ]
    return json.dumps({"name": labels.name, "ignore_id": labels.ignore_id, "classes": classes})


class Legend:
    """Publishes `~/legend` (JSON) and, where vision_msgs is installed, `~/label_info`; latched.

    Args:
        node: The node that publishes.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._legend = node.create_lifecycle_publisher(String, "~/legend", LATCHED_PUBLICATION)
        self._vision_msgs = vision_msgs()
        self._label_info: LifecyclePublisher | None = None
        if self._vision_msgs is not None:
            self._label_info = node.create_lifecycle_publisher(
                self._vision_msgs.LabelInfo, "~/label_info", LATCHED_PUBLICATION
            )

    def publish(self, labels: LabelSet) -> None:
        """Say what label images hold from now on.

        Args:
            labels: Their ids, names, colours and categories.
        """
        self._legend.publish(String(data=legend_json(labels)))
        if self._label_info is not None:
            info = label_info(labels, self._vision_msgs)
            info.header.stamp = self._node.get_clock().now().to_msg()
            self._label_info.publish(info)

    def close(self) -> None:
        """Take the topics back."""
        for publisher in (self._legend, self._label_info):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)


def label_info(labels: LabelSet, messages: Any) -> Any:
    """The label set as a `vision_msgs/LabelInfo`.

    Args:
        labels: What label images hold.
        messages: The module `vision_msgs.msg`.
    """
    classes = [
        messages.VisionClass(class_id=label.pixel, class_name=label.name) for label in labels.labels
    ]
    return messages.LabelInfo(class_map=classes)


def vision_msgs() -> Any | None:
    """The module `vision_msgs.msg`; None where it is not installed, or too old for LabelInfo."""
    try:
        import vision_msgs.msg as messages  # noqa: PLC0415 - few machines without ROS have it
    except ImportError:
        return None
    return messages if hasattr(messages, "LabelInfo") else None
