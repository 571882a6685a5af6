"""What is wrong between a camera and the node: images that do not come, or come wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rclpy.qos import QoSProfile, ReliabilityPolicy

from segmentation_node.errors import nearest
from segmentation_node.pipeline.loss import Loss
from segmentation_node.ros.image_subscription import Offer
from segmentation_node.ros.message_types import IMAGE_TYPES
from segmentation_node.ros.qos import named
from segmentation_node.transport import driver_command

LOST_SHARE = 0.01
"""Frames lost on the way, as a share of those sent, above which there is a warning."""

FEWEST_LOST = 3
"""Frames lost within the latest seconds below which there is none."""

NOBODY_S = 10.0
"""Seconds without a publisher after which the topics are named that have one."""

TWO_S = 2.0
"""Seconds for which two cameras on one topic are no fault: one may take over from the other."""

REPEAT_S = 30.0
"""Seconds after the end of a silence in which the next one is not logged again."""


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
        loss: What arrived and what was lost in the latest seconds.
        received: Frames that arrived so far.
        image: Size and encoding of the latest image, in words; empty where none was read.
        has_stamps: Whether the latest frame had a stamp.
        waits_for_clock: Whether `use_sim_time` is set and nobody publishes `/clock`.
        other_topics: The image topics that have a publisher, by name, with their types; filled
            where this one has none.
        middleware: Name of the RMW implementation.
    """

    topic: str
    msgtype: str
    requested: QoSProfile
    offers: Sequence[Offer]
    silence_s: float | None
    takes: bool = True
    next_door: str = ""
    loss: Loss = field(default_factory=Loss)
    received: int = 0
    image: str = ""
    has_stamps: bool = True
    waits_for_clock: bool = False
    other_topics: Sequence[tuple[str, str]] = ()
    middleware: str = "rmw_fastrtps_cpp"

    @property
    def images(self) -> list[Offer]:
        """The publishers of images of the type subscribed to."""
        return self._fitting

    @property
    def loses(self) -> bool:
        """Whether frames are lost on the way."""
        return self.loss.lost >= FEWEST_LOST and self.loss.share > LOST_SHARE

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
        tell: Logs that frames come again after a warning.
    """

    def __init__(
        self,
        warn: Callable[[str], None],
        allowed_s: float,
        now_s: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._warn = warn
        self._tell = tell
        self._now_s = now_s
        self.allowed_s = allowed_s
        self._audible_since: float | None = None
        self._since: dict[str, float] = {}
        self._faults: dict[str, str] = {}
        self._warned: dict[str, str] = {}
        self._silence_began_s = self._silence_ended_s = -math.inf
        self._silence_is_logged = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong by the latest look; empty where nothing is.

        That nobody publishes is for the log alone: a camera that is not there yet is no fault, and
        the diagnostics have a level of their own for it.
        """
        return tuple(one for kind, one in self._faults.items() if one and kind != "nobody")

    @property
    def asks_for_topics(self) -> bool:
        """Whether the next look is to name the topics that exist: to find them takes a while."""
        since_s = self._since.get("nobody")
        is_due = since_s is not None and self._now_s() - since_s > NOBODY_S - 1.0
        return is_due and "nobody" not in self._warned

    def judge(self, sight: Sight) -> None:
        """Compare what is seen with what was seen before."""
        before = self._faults
        next_door = self._holds("next door", bool(sight.next_door), self.allowed_s)
        # Once images have come, the topic is right.
        is_alone = not sight.offers and not sight.received
        nobody = self._holds("nobody", is_alone, NOBODY_S) and not next_door
        quiet_s = self._quiet_s(sight)
        # Where frames are known to be lost, that is the fault, and silence only how it looks.
        is_silent = quiet_s > self.allowed_s and not sight.loses
        self._faults = {
            "mismatch": _mismatch(sight),
            "strangers": _strangers(sight),
            "next door": _next_door(sight) if next_door else "",
            "nobody": _nobody(sight) if nobody else "",
            "loss": _loss(sight) if sight.loses else "",
            "silence": _silence(sight, quiet_s) if is_silent else "",
            "two": _two(sight) if self._holds("two", len(sight.audible) > 1, TWO_S) else "",
            "stamps": "" if sight.has_stamps else _no_stamps(sight),
            "clock": _no_clock() if self._holds("clock", sight.waits_for_clock, TWO_S) else "",
        }
        for kind, fault in self._faults.items():
            # Silence and losses are told with figures, and change with them.
            if kind == "silence":
                self._log_silence(fault, bool(before.get(kind)), quiet_s, sight)
            elif fault and kind in _ONCE:
                self._warn_once(kind, fault)
            elif fault and fault != before.get(kind):
                self._warn(fault)

    def _warn_once(self, kind: str, fault: str) -> None:
        if kind not in self._warned:
            self._warned[kind] = fault
            self._warn(fault)

    def _log_silence(self, fault: str, was_silent: bool, quiet_s: float, sight: Sight) -> None:
        now_s = self._now_s()
        if fault and not was_silent:
            self._silence_is_logged = now_s - self._silence_ended_s > REPEAT_S
            self._silence_began_s = now_s - quiet_s
            if self._silence_is_logged:
                self._warn(fault)
        elif was_silent and not fault:
            self._silence_ended_s = now_s
            silence_s = sight.silence_s
            has_frames = silence_s is not None and silence_s <= self.allowed_s
            if self._silence_is_logged and has_frames:
                lasted_s = now_s - self._silence_began_s
                self._tell(f"frames come again on {sight.topic}, after {lasted_s:.1f} s of none")

    def _holds(self, kind: str, condition: bool, for_s: float) -> bool:
        """Whether a condition has been seen for longer than is allowed."""
        if not condition:
            self._since.pop(kind, None)
            return False
        now_s = self._now_s()
        return now_s - self._since.setdefault(kind, now_s) > for_s

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


_ONCE = ("nobody", "loss", "stamps", "clock")
"""Faults that are logged once for as long as the node is active."""


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
        f"(segmentation doctor --camera {sight.topic})"
    )


def _loss(sight: Sight) -> str:
    loss = sight.loss
    senders = " and ".join(str(one) for one in sight.audible) or "a publisher"
    return (
        f"{100 * loss.share:.0f} % of the frames are lost on the way: received {loss.received} of "
        f"{loss.received + loss.lost} in the latest seconds on {sight.topic} from {senders}; "
        f"expected all of them; fix: {_cure_of_loss(sight)}"
    )


def _cure_of_loss(sight: Sight) -> str:
    if sight.requested.reliability == ReliabilityPolicy.RELIABLE:
        return (
            "give the driver's publisher a greater depth, or see what keeps this machine busy: "
            "even reliable frames are dropped once their queue is full"
        )
    if sight.audible and all(map(_is_reliable, sight.audible)):
        return "set qos to auto: the publisher is reliable, and the node asks for best effort"
    if "fastrtps" not in sight.middleware:
        return f"see docs/dds.md, Other middlewares, for {sight.middleware}"
    return (
        "the driver sends with the default settings of Fast DDS, too small for images: in the "
        f"driver's terminal, type {driver_command()} and start the driver again"
    )


def _is_reliable(offer: Offer) -> bool:
    return bool(offer.qos.reliability == ReliabilityPolicy.RELIABLE)


def _nobody(sight: Sight) -> str:
    names = [name for name, _ in sight.other_topics]
    close = nearest(sight.topic, names)
    listed = ", ".join(f"{name} ({msgtype})" for name, msgtype in sight.other_topics)
    return (
        f"no image for {NOBODY_S:.0f} s: received no publisher of {sight.topic}; expected one; "
        + (f"image topics that exist: {listed}; " if listed else "no image topic exists here; ")
        + (
            f"fix: set image_topic to {close or 'one of them'}"
            if names
            else "fix: start the camera driver, in the same ROS_DOMAIN_ID as the node"
        )
    )


def _two(sight: Sight) -> str:
    senders = " and ".join(str(one) for one in sight.audible)
    return (
        f"images of several publishers are mixed: received {senders} on {sight.topic}; expected "
        "one camera; fix: stop one of them, or remap it to a topic of its own (a driver that was "
        "killed is still listed for some seconds)"
    )


def _no_stamps(sight: Sight) -> str:
    return (
        f"received images with a stamp of zero on {sight.topic}; expected the time of capture in "
        "header.stamp; fix: have the driver fill it in: without it ages are unknown, and nothing "
        "can match the labels with their images"
    )


def _no_clock() -> str:
    return (
        "received no publisher of /clock with use_sim_time set; expected a simulator or a bag that "
        "publishes the time; fix: play the bag with --clock, or set use_sim_time to false"
    )
