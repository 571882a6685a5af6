"""One stream of pictures: subscribed to while somebody looks, and no faster than it is shown."""

from __future__ import annotations

import time
from typing import Any

from rclpy.node import Node

from segmentation_node.ros.message_types import IMAGE_TYPES, quality_of_service
from segmentation_node.ros.view_picture import picture_of
from segmentation_node.view.settings import ViewSettings
from segmentation_node.view.source import Audience

# The newest image is all that is shown. Best effort matches every publisher, and asks none to
# send again what a slow viewer has missed.
_QUALITY_OF_SERVICE = quality_of_service(best_effort=True, latched=False, depth=1)

_EARLY = 0.9
"""Share of the period after which a picture is taken: cameras do not keep time to the millisecond,
and one that comes a little early shall not wait for the next."""


class ViewStream:
    """Shows the images of one topic. Used by the executor's thread alone.

    Args:
        node: The node that subscribes.
        name: Which stream it is.
        settings: How fast, and how good.
        audience: Who sees it.
    """

    def __init__(self, node: Node, name: str, settings: ViewSettings, audience: Audience) -> None:
        self._node, self._name, self._audience = node, name, audience
        self._quality = settings.quality
        self._period_s = _EARLY / settings.rate_hz
        self._subscription: Any = None
        self._topic = ""
        self._next_s = 0.0
        self._fault = ""

    def follow(self, topic: str) -> None:
        """Subscribe to a topic, once it has a publisher and where it is another than before."""
        if topic == self._topic:
            return
        self.rest()
        publishers = self._node.get_publishers_info_by_topic(topic) if topic else []
        types = [one.topic_type for one in publishers]
        kind = next((IMAGE_TYPES[one] for one in types if one in IMAGE_TYPES), None)
        if kind is not None:
            self._topic = topic
            self._subscription = self._node.create_subscription(
                kind, topic, self._take, _QUALITY_OF_SERVICE
            )

    def rest(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription, self._topic = None, ""

    def _take(self, message: Any) -> None:
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._period_s
        try:
            self._audience.show(self._name, picture_of(message, self._quality))
        # It came from outside, and this is the thread of all that is shown.
        except Exception as error:
            self._tell_fault(str(error) or type(error).__name__)
        else:
            self._tell_fault("")

    def _tell_fault(self, text: str) -> None:
        if text != self._fault:
            self._fault = text
            self._audience.tell(f"fault {self._name}", {"stream": self._name, "text": text})
