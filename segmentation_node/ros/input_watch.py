"""Looks at the camera's publishers again and again: the ROS graph changes without a word."""

from __future__ import annotations

from collections.abc import Callable

from rclpy import get_rmw_implementation_identifier
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from segmentation_node.pipeline.monitor import Monitor
from segmentation_node.ros.image_subscription import ImageSubscription
from segmentation_node.ros.input_faults import InputFaults, Sight
from segmentation_node.ros.input_life import InputLife

LOOK_PERIOD_S = 0.2
"""Seconds from one look to the next; one costs a question to the process's own discovery data."""

LOOKS_FOR_NAMES = 10
"""Looks at publishers without a name before they are taken as they are: a publisher is discovered
earlier than the name of its node, and a warning is to say whom to look for."""


class InputWatch:
    """Keeps the subscription matched to its publishers, and says what keeps frames away.

    Args:
        node: The node that subscribes; its executor runs the looks.
        images: The subscription to look at.
        faults: Is told of what was seen.
        life: Is told of the same.
        monitor: Knows what has arrived.
        takes: Whether the node takes frames now, or is too busy to.
        image: Gives size and encoding of the latest image, in words.
    """

    def __init__(
        self,
        node: Node,
        images: ImageSubscription,
        faults: InputFaults,
        life: InputLife,
        monitor: Monitor,
        takes: Callable[[], bool],
        image: Callable[[], str] = lambda: "",
    ) -> None:
        self._node = node
        self._images = images
        self._faults = faults
        self._life = life
        self._monitor = monitor
        self._takes = takes
        self._image = image
        self._looks_for_names = 0
        # By a steady clock: simulated time may stand still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(LOOK_PERIOD_S, self.look, clock=steady)
        # A subscription must not be replaced from within a callback of its own.
        self._soon = node.create_guard_condition(self.look)
        images.on_mismatch = self._soon.trigger
        images.on_lost = monitor.lost
        if not images.counts_lost:
            monitor.count_gaps()

    def look(self) -> None:
        """See who publishes, match them, and judge what is left."""
        if self._waits_for_names():
            return
        images = self._images
        change = images.rematch()
        if change:
            self._node.get_logger().info(change)
        offers = images.offers
        monitor = self._monitor
        sight = Sight(
            topic=images.topic,
            msgtype=images.msgtype,
            requested=images.qos,
            offers=offers,
            silence_s=monitor.silence_s,
            takes=self._takes(),
            next_door="" if offers else images.next_door,
            loss=monitor.recent_loss,
            received=monitor.received,
            image=self._image(),
            has_stamps=monitor.has_stamps,
            waits_for_clock=self._waits_for_clock,
            other_topics=images.other_topics if self._faults.asks_for_topics else (),
            middleware=get_rmw_implementation_identifier(),
        )
        self._faults.judge(sight)
        self._life.judge(sight)

    @property
    def _waits_for_clock(self) -> bool:
        clock = self._node.get_clock()
        # A clock that has run once may stand still: a bag is paused.
        if not clock.ros_time_is_active or clock.now().nanoseconds:
            return False
        return not self._node.count_publishers("/clock")

    def _waits_for_names(self) -> bool:
        if all(offer.node for offer in self._images.offers):
            self._looks_for_names = 0
            return False
        self._looks_for_names += 1
        return self._looks_for_names <= LOOKS_FOR_NAMES

    def close(self) -> None:
        """Look no more."""
        self._images.on_mismatch = lambda: None
        self._images.on_lost = lambda _: None
        self._node.destroy_timer(self._timer)
        self._node.destroy_guard_condition(self._soon)
