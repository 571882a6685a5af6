"""The subscription to a camera, and the publishers on the other side of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible

from segmentation_node.config import NodeConfig
from segmentation_node.ros.message_types import IMAGE_TYPES
from segmentation_node.ros.qos import image_subscription, named
from segmentation_node.ros.topic_names import companion

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError


@dataclass(frozen=True)
class Offer:
    """What one publisher of the topic sends, and how.

    Args:
        node: Full name of its node; empty while that is not known, which it may never be.
        msgtype: Such as `sensor_msgs/msg/Image`.
        qos: The quality of service that it offers.
    """

    node: str
    msgtype: str
    qos: QoSProfile

    def __str__(self) -> str:
        return f"{self.node or 'a node without a name'} ({self.msgtype}, {named(self.qos)})"

    def reaches(self, requested: QoSProfile) -> bool:
        """Whether a subscription that asks for a quality of service hears this publisher."""
        compatibility, _ = qos_check_compatible(self.qos, requested)
        return bool(compatibility != QoSCompatibility.ERROR)


class ImageSubscription:
    """Subscribes to the images of a camera, and again where its publishers want it otherwise.

    A topic's name says nothing of its type: what is subscribed to is what its publishers send, and
    what `image_transport` says while there are none.

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
        self.on_lost: Callable[[int], None] = lambda _: None
        """Called (executor's thread) with the number of frames that the middleware saw lost."""
        self.counts_lost = True
        """Whether the middleware counts them."""
        self._topic = _topic_of(node, config)
        self.msgtype = _TYPE_OF_TRANSPORT[config.image_transport]
        """Type of the messages, as the ROS graph names it."""
        self.qos = image_subscription(config, _qualities(self.offers, self.msgtype))
        """The quality of service that is asked for."""
        self._subscription = self._subscribe(self.msgtype, self.qos)

    @property
    def topic(self) -> str:
        """Name of the topic, with namespace and remappings applied."""
        return str(self._subscription.topic_name)

    @property
    def offers(self) -> list[Offer]:
        """What the topic's publishers offer, those of other message types too."""
        infos = self._node.get_publishers_info_by_topic(self._topic)
        return [Offer(_node_of(one), one.topic_type, one.qos_profile) for one in infos]

    @property
    def next_door(self) -> str:
        """The same images' other topic, raw or compressed, where it is published; else empty."""
        ending = "/compressed"
        is_compressed = self.topic.endswith(ending)
        other = self.topic.removesuffix(ending) if is_compressed else self.topic + ending
        return other if self._node.count_publishers(other) else ""

    @property
    def other_topics(self) -> list[tuple[str, str]]:
        """All topics of images that have a publisher, with their types."""
        return [
            (name, msgtype)
            for name, msgtypes in self._node.get_topic_names_and_types()
            for msgtype in sorted(set(msgtypes) & IMAGE_TYPES.keys())
            if not name.startswith(f"{self._node.get_fully_qualified_name()}/")
            and self._node.count_publishers(name)
        ]

    def rematch(self) -> str:
        """Subscribe anew where the publishers send another type, or want another quality.

        Returns:
            What has changed, for the log; empty where nothing has. Frames on their way to the old
            subscription are lost.
        """
        offers, before = self.offers, (self.msgtype, named(self.qos))
        msgtype = _type_to_take(offers, self.msgtype)
        qos = image_subscription(self._config, _qualities(offers, msgtype), self.qos)
        if (msgtype, named(qos)) == before:
            return ""
        self._replace(msgtype, qos)
        reason = f"qos {self._config.qos}" if msgtype == before[0] else f"type {msgtype}"
        senders = " and ".join(map(str, offers))
        return f"{reason}: {named(qos)} on {self.topic}, to hear {senders}"

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _replace(self, msgtype: str, qos: QoSProfile) -> None:
        old = self._subscription
        if msgtype != self.msgtype:
            # A process can have a topic under one type only.
            self._node.destroy_subscription(old)
        # Else first the new one: where it cannot be had, the old one stays.
        self._subscription = self._subscribe(msgtype, qos)
        self.msgtype, self.qos = msgtype, qos
        self._node.destroy_subscription(old)

    def _subscribe(self, msgtype: str, qos: QoSProfile) -> Any:
        # With a callback of ours rclpy's own, which logs the policy and no names, stays silent.
        events = SubscriptionEventCallbacks(incompatible_qos=lambda _: self.on_mismatch())
        self.counts_lost = self.counts_lost and hasattr(events, "message_lost")
        if self.counts_lost:
            events.message_lost = lambda event: self.on_lost(event.total_count_change)
        try:
            return self._node.create_subscription(
                IMAGE_TYPES[msgtype],
                self._topic,
                self._take,
                qos,
                callback_group=self._group,
                event_callbacks=events,
            )
        except UnsupportedEventTypeError:
            if not self.counts_lost:
                raise
            self.counts_lost = False
            return self._subscribe(msgtype, qos)


_TYPE_OF_TRANSPORT = {
    "raw": "sensor_msgs/msg/Image",
    "compressed": "sensor_msgs/msg/CompressedImage",
}


def _topic_of(node: Node, config: NodeConfig) -> str:
    """The topic to subscribe to: where the one of the raw images is remapped to, and under it."""
    base = config.image_topic.removesuffix("/compressed")
    return companion(node, base, config.input_topic)


def _node_of(info: Any) -> str:
    # rmw_dds_common's word for a node that is not discovered yet, or is none of ROS.
    if info.node_name == "_NODE_NAME_UNKNOWN_":
        return ""
    return f"{info.node_namespace.rstrip('/')}/{info.node_name}"


def _type_to_take(offers: Sequence[Offer], standing: str) -> str:
    """What stands, as long as anybody sends it; else what else they send that is an image."""
    sent = {offer.msgtype for offer in offers}
    others = sorted(sent & IMAGE_TYPES.keys())
    return standing if standing in sent or not others else others[0]


def _qualities(offers: Sequence[Offer], msgtype: str) -> list[QoSProfile]:
    return [offer.qos for offer in offers if offer.msgtype == msgtype]
