"""What is wrong between a camera and the node: publishers that cannot be heard, and silence."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rclpy.qos import QoSProfile

from segmentation_node.ros.image_subscription import Offer
from segmentation_node.ros.message_types import IMAGE_TYPES
from segmentation_node.ros.qos import named


@dataclass(frozen=True)
class Sight:
    """One look at the input.

    Args:
        topic: Full name of the topic of the images.
        msgtype: Type of the messages subscribed to.
        requested: Quality of service subscribed with.
        offers: The publishers of the topic.
        silence_s: Seconds since the latest frame arrived; None where none ever did.
        takes: Whether the node takes frames now, or is too busy to.
        next_door: The same images' other topic, raw or compressed, where that is published and this
            one is not; else empty.
    """

    topic: str
    msgtype: str
    requested: QoSProfile
    offers: Sequence[Offer]
    silence_s: float | None
    takes: bool = True
    next_door: str = ""

    @property
    def audible(self) -> list[Offer]:
        """The publishers whose frames should arrive."""
        return [one for one in self._fitting if one.reaches(self.requested)]

    @property
    def incompatible(self) -> list[Offer]:
        """The publishers of images whose quality of service keeps them from being heard."""
        return [one for one in self._fitting if not one.reaches(self.requested)]

    @property
    def strange(self) -> list[Offer]:
        """The publishers of messages of other types than the one subscribed to."""
        return [one for one in self.offers if one.msgtype != self.msgtype]

    @property
    def _fitting(self) -> list[Offer]:
        return [one for one in self.offers if one.msgtype == self.msgtype]


class InputFaults:
    """Keeps what is wrong now, and warns once of each fault that begins.

    Args:
        warn: Logs a sentence.
        allowed_s: Seconds without a frame that are allowed.
        now_s: A steady clock, seconds.
    """

    def __init__(
        self,
        warn: Callable[[str], None],
        allowed_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warn = warn
        self._now_s = now_s
        self.allowed_s = allowed_s
        self._audible_since: float | None = None
        self._next_door_since: float | None = None
        self._mismatch = self._strangers = self._next_door = self._silence = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong by the latest look; empty where nothing is."""
        found = (self._mismatch, self._strangers, self._next_door, self._silence)
        return tuple(filter(None, found))

    def judge(self, sight: Sight) -> None:
        """Compare what is seen with what was seen before."""
        before = self._mismatch, self._strangers, self._next_door, self._silence
        self._mismatch, self._strangers = _mismatch(sight), _strangers(sight)
        self._next_door = _next_door(sight) if self._is_next_door(sight) else ""
        quiet_s = self._quiet_s(sight)
        self._silence = _silence(sight, quiet_s) if quiet_s > self.allowed_s else ""
        standing = self._mismatch, self._strangers, self._next_door
        for fault, known in zip(standing, before, strict=False):
            if fault and fault != known:
                self._warn(fault)
        # Its sentence tells the seconds, and changes with them.
        if self._silence and not before[-1]:
            self._warn(self._silence)

    def _is_next_door(self, sight: Sight) -> bool:
        """Whether only the other topic has been published for longer than silence is allowed."""
        now = self._now_s()
        if not sight.next_door:
            self._next_door_since = None
        elif self._next_door_since is None:
            self._next_door_since = now
        since = self._next_door_since
        return since is not None and now - since > self.allowed_s

    def _quiet_s(self, sight: Sight) -> float:
        """How long frames have failed to come that should have."""
        now = self._now_s()
        if not sight.audible:
            self._audible_since = None
            return 0.0
        if self._audible_since is None or not sight.takes:
            self._audible_since = now
        waited_s = now - self._audible_since
        return waited_s if sight.silence_s is None else min(waited_s, sight.silence_s)


def _mismatch(sight: Sight) -> str:
    if not sight.incompatible:
        return ""
    senders = " and ".join(str(one) for one in sight.incompatible)
    return (
        f"no frame comes from a publisher: received {senders} on {sight.topic}; expected "
        f"publishers that fit a subscription that is {named(sight.requested)}; fix: set qos to "
        "sensor_data or auto, or let the publisher be reliable"
    )


def _strangers(sight: Sight) -> str:
    if not sight.strange:
        return ""
    senders = " and ".join(str(one) for one in sight.strange)
    images = " or ".join(IMAGE_TYPES)
    expected = f"{sight.msgtype} alone" if len(sight.strange) < len(sight.offers) else images
    return (
        f"a publisher is of another type: received {senders} on {sight.topic}; expected "
        f"{expected}; fix: correct image_topic, or stop what publishes there by mistake"
    )


def _next_door(sight: Sight) -> str:
    return (
        f"received no publisher of {sight.topic}, but one of {sight.next_door}; expected the "
        "camera's images; fix: take those by image_transport (raw or compressed) or image_topic"
    )


def _silence(sight: Sight, quiet_s: float) -> str:
    senders = " and ".join(str(one) for one in sight.audible)
    return (
        f"received no frame on {sight.topic} for {quiet_s:.1f} s; expected frames from {senders}; "
        "fix: see that the camera sends, and that its images get through DDS "
        "(segmentation doctor)"
    )
