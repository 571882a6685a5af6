"""One camera's way through the node: its input and its output, from configuring to cleaning up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from rclpy.lifecycle import LifecycleNode

from segmentation_node.cameras import Camera
from segmentation_node.errors import FrameError
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.drift import DriftWatch
from segmentation_node.pipeline.monitor import Monitor, Report
from segmentation_node.pipeline.rate_limit import RateLimit
from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.drift import settings_of
from segmentation_node.ros.image_input import Arrival, ImageInput
from segmentation_node.ros.input_faults import InputFaults
from segmentation_node.ros.input_life import InputLife
from segmentation_node.ros.input_watch import InputWatch
from segmentation_node.ros.job import CameraSide
from segmentation_node.ros.qos import named
from segmentation_node.ros.stream_output import StreamOutput

COMPLAINT_PERIOD_S = 5.0
"""Seconds in which a fault of one kind is logged once; the diagnostics count every one."""


class Intake(Protocol):
    """Where a camera's frames go: what all cameras of a node share."""

    def has_room(self, camera: int) -> bool:
        """Whether a frame of a camera would be taken at once."""

    def take(self, arrival: Arrival) -> None:
        """Take a frame that is to be answered."""

    def refuse(self, arrival: Arrival, error: FrameError) -> None:
        """Take note of a frame that is none."""

    def leave_out(self, camera: int) -> None:
        """Take note of a frame above the rate limit."""


class CameraStream:
    """Owns a camera's topics while the node is configured; its subscription only while active.

    Args:
        node: The node that it belongs to.
        camera: The camera, with the node's parameters as they are for it.
        index: Which of the node's cameras it is.
        image_size: Height and width in pixels of its images, where they are known.
    """

    def __init__(
        self,
        node: LifecycleNode,
        camera: Camera,
        index: int,
        image_size: tuple[int, int] | None = None,
    ) -> None:
        self._node = node
        self._camera = camera
        self._index = index
        self._said: dict[str, float] = {}
        self._monitor = Monitor(camera.config.deadline_ms)
        self._output = StreamOutput(node, camera, self._complain)
        self.drift = DriftWatch(settings_of(camera.config))
        """Compares the images with those that the network was calibrated on."""
        self.side = CameraSide(self._output, self._monitor, self.drift, self._complain, image_size)
        """What the job needs of the camera."""
        self._limit = RateLimit(camera.config.rate_limit)
        self._input: ImageInput | None = None
        self._faults = self._no_faults()
        self._watch: InputWatch | None = None

    @property
    def name(self) -> str:
        """What tells the camera from the others; empty for the only one, unless it was given."""
        return self._camera.name

    @property
    def input_topic(self) -> str:
        """The topic as configured."""
        return self._camera.config.input_topic

    @property
    def facts(self) -> Mapping[str, object]:
        """What is known of the camera, by the keys of the diagnostics."""
        seen = {"roi": self._camera.config.roi, "image": self.side.image}
        return {**seen, **self._input_facts, **self._output.facts}

    @property
    def topic(self) -> str:
        """The topic subscribed to; empty while the node is not active."""
        return "" if self._input is None else self._input.topic

    @property
    def publisher_count(self) -> int:
        """How many publishers that topic has."""
        return 0 if self._input is None else len(self._input.subscription.offers)

    @property
    def input_faults(self) -> tuple[str, ...]:
        """What keeps the camera's frames away, one sentence each."""
        return self._faults.sentences

    def activate(self, intake: Intake) -> None:
        """Subscribe.

        Args:
            intake: Where the frames go.
        """
        self._input = ImageInput(
            self._node,
            self._camera.config,
            on_arrival=lambda arrival: self._take(arrival, intake),
            on_refusal=lambda arrival, error: self._refuse(arrival, error, intake),
            is_open=lambda: intake.has_room(self._index),
            is_wanted=lambda arrival: self._wants(arrival, intake),
            camera=self._index,
        )
        self._faults = self._no_faults()
        self._watch = InputWatch(
            self._node,
            self._input.subscription,
            self._faults,
            InputLife(self._tell),
            self._monitor,
            takes=lambda: intake.has_room(self._index),
            image=lambda: self.side.image,
        )
        self._output.camera_info.listen(self._camera.config.image_topic, self._input.image_topic)

    def deactivate(self) -> None:
        """Unsubscribe; frames that were taken are still answered."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._input is not None:
            self._input.close()
            self._input = None

    def rest(self) -> None:
        """Forget what was seen, once no frame is under way any more."""
        self.drift.rest()
        self._output.camera_info.rest()

    def close(self) -> None:
        """Take all topics back."""
        self._output.close()

    def adjust(self, camera: Camera) -> None:
        """Use other values of the live parameters for the frames to come."""
        self._camera, config = camera, camera.config
        self._monitor.deadline_ms = config.deadline_ms
        self._limit.rate_hz = config.rate_limit
        self._faults.allowed_s = config.silence_warning_s
        self._output.images.adjust(config)
        self.drift.adjust(settings_of(config))

    def report(self, counts: Counts) -> Report:
        """The figures since the report before.

        Args:
            counts: What became of the camera's frames.
        """
        return self._monitor.report(counts)

    @property
    def _input_facts(self) -> Mapping[str, object]:
        if self._input is None:
            return {}
        images = self._input.subscription
        return {
            "rate_limit_hz": self._limit.rate_hz or "none",
            "input_qos": named(images.qos),
            "input_publishers": ", ".join(map(str, images.offers)),
        }

    def _no_faults(self) -> InputFaults:
        allowed_s = self._camera.config.silence_warning_s
        return InputFaults(self._warn, allowed_s, tell=self._tell)

    def _warn(self, sentence: str) -> None:
        self._node.get_logger().warning(f"{self.name}: {sentence}" if self.name else sentence)

    def _tell(self, sentence: str) -> None:
        self._node.get_logger().info(f"{self.name}: {sentence}" if self.name else sentence)

    def _wants(self, arrival: Arrival, intake: Intake) -> bool:
        # Drivers without a clock leave the stamp at zero: then the arrival has to do.
        if self._limit.admits(stamp_ns(arrival.header) or time.monotonic_ns()):
            return True
        self._note(arrival)
        intake.leave_out(self._index)
        return False

    def _take(self, arrival: Arrival, intake: Intake) -> None:
        self._note(arrival)
        intake.take(arrival)

    def _refuse(self, arrival: Arrival, error: FrameError, intake: Intake) -> None:
        self._limit.take_back()
        self._note(arrival)
        intake.refuse(arrival, error)

    def _note(self, arrival: Arrival) -> None:
        self._monitor.arrived(stamp_ns(arrival.header), arrival.clock_ns)

    def _complain(self, kind: str, sentence: str) -> None:
        now = time.monotonic()
        ending = not self._node.context.ok()
        if ending or now - self._said.get(kind, -COMPLAINT_PERIOD_S) < COMPLAINT_PERIOD_S:
            return
        self._said[kind] = now
        self._warn(sentence)
