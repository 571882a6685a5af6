"""The subscription to a camera, and the publishers on the other side of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from sensor_msgs.msg import CompressedImage, Image

from segmentation_node.config import NodeConfig
from segmentation_node.ros.qos import image_subscription, named

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks


@dataclass(frozen=True)
class Offer:
    """What one publisher of the topic sends, and how.

    Args:
        node: Full name of its node.
        msgtype: Such as `sensor_msgs/msg/Image`.
        qos: The quality of service that it offers.
    """

    node: str
    msgtype: str
    qos: QoSProfile

    def __str__(self) -> str:
        return f"{self.node} ({self.msgtype}, {named(self.qos)})"

    def reaches(self, requested: QoSProfile) -> bool:
        """Whether a subscription that asks for a quality of service hears this publisher."""
        compatibility, _ = qos_check_compatible(self.qos, requested)
        return bool(compatibility != QoSCompatibility.ERROR)


class ImageSubscription:
    """Subscribes to the images of a camera, and again where its publishers want another quality.

    Args:
        node: The node that subscribes.
        config: Its parameters.
        take: Takes each message, on the executor's thread.
        group: Says when the next message may be taken.
    """

    def __init__(
        self,
        node: Node,
        config: NodeConfig,
        take: Callable[[Any], None],
        group: CallbackGroup,
    ) -> None:
        self._node = node
        self._config = config
        self._take = take
        self._group = group
        self.on_mismatch: Callable[[], None] = lambda: None
        """Called (executor's thread) when the middleware finds a publisher that is not heard."""
        self._kind = CompressedImage if config.image_transport == "compressed" else Image
        self.msgtype = f"sensor_msgs/msg/{self._kind.__name__}"
        """Type of the messages, as the ROS graph names it."""
        self.qos = image_subscription(config, self._offered())
        """The quality of service that is asked for."""
        self._subscription = self._subscribe(self.qos)

    @property
    def topic(self) -> str:
        """Name of the topic, with namespace and remappings applied."""
        return str(self._subscription.topic_name)

    @property
    def offers(self) -> list[Offer]:
        """What the topic's publishers offer, those of other message types too."""
        # The name as it was given: rclpy expands and remaps it here as well.
        infos = self._node.get_publishers_info_by_topic(self._config.input_topic)
        return [
            Offer(
                f"{one.node_namespace.rstrip('/')}/{one.node_name}", one.topic_type, one.qos_profile
            )
            for one in infos
        ]

    def rematch(self) -> bool:
        """Subscribe anew where the publishers now want another quality of service.

        Returns:
            Whether it was done; frames on their way to the old subscription are then lost.
        """
        wanted = image_subscription(self._config, self._offered(), self.qos)
        if named(wanted) == named(self.qos):
            return False
        # First the new one: where it cannot be had, the old one stays.
        old, self._subscription = self._subscription, self._subscribe(wanted)
        self._node.destroy_subscription(old)
        self.qos = wanted
        return True

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _offered(self) -> list[QoSProfile]:
        return [offer.qos for offer in self.offers if offer.msgtype == self.msgtype]

    def _subscribe(self, qos: QoSProfile) -> Any:
        # With a callback of ours rclpy's own, which logs the policy and no names, stays silent.
        events = SubscriptionEventCallbacks(incompatible_qos=lambda _: self.on_mismatch())
        return self._node.create_subscription(
            self._kind,
            self._config.input_topic,
            self._take,
            qos,
            callback_group=self._group,
            event_callbacks=events,
        )
