"""Message classes and quality of service by name, for topics that are only known at run time."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

IMAGE_TYPES: Mapping[str, Any] = {
    "sensor_msgs/msg/Image": Image,
    "sensor_msgs/msg/CompressedImage": CompressedImage,
}
"""The messages that hold a camera image, by the names that the ROS graph has for their types."""


def message_class(msgtype: str) -> Any | None:
    """The class of a message type.

    Args:
        msgtype: Such as `sensor_msgs/msg/Image`.

    Returns:
        The class, or None where its package is not installed here.
    """
    package, _, name = msgtype.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name, None)
    except ImportError:
        return None


def quality_of_service(*, best_effort: bool, latched: bool, depth: int = 10) -> QoSProfile:
    """A profile that keeps the last `depth` messages."""
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
