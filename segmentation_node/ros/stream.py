"""One camera's way through the node: input, worker and output, from configuring to cleaning up."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

from rclpy.lifecycle import LifecycleNode

from segmentation_node.config import NodeConfig
from segmentation_node.errors import FrameError
from segmentation_node.pipeline.drift import DriftWatch
from segmentation_node.pipeline.monitor import Monitor, Report
from segmentation_node.pipeline.rate_limit import RateLimit
from segmentation_node.pipeline.worker import Worker
from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.drift import settings_of
from segmentation_node.ros.image_input import Arrival, ImageInput
from segmentation_node.ros.input_faults import InputFaults
from segmentation_node.ros.input_watch import InputWatch
from segmentation_node.ros.job import SegmentationJob
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.qos import named
from segmentation_node.ros.stream_output import StreamOutput

COMPLAINT_PERIOD_S = 5.0
"""Seconds in which a fault of one kind is logged once; the diagnostics count every one."""


class CameraStream:
    """Owns what exists while the node is configured; the subscription only while it is active.

    Args:
        node: The node that it belongs to.
        config: The node's parameters.
        image_size: Height and width in pixels of the camera's images, where they are known.
    """

    def __init__(
        self, node: LifecycleNode, config: NodeConfig, image_size: tuple[int, int] | None = None
    ) -> None:
        self._node = node
        self._config = config
        self._said: dict[str, float] = {}
        self._monitor = Monitor(config.deadline_ms)
        self._output = StreamOutput(node, config, self._complain)
        self.drift = DriftWatch(settings_of(config))
        """Compares the images with those that the network was calibrated on."""
        self._job = SegmentationJob(
            config, self._output, self._monitor, self.drift, self._complain, image_size
        )
        slots = [OutputSlot(), OutputSlot()]
        self._limit = RateLimit(config.rate_limit)
        self._worker = Worker(self._job, slots, config.mode, config.queue_size, self._wake)
        self._input: ImageInput | None = None
        self._faults = self._no_faults()
        self._watch: InputWatch | None = None

    @property
    def facts(self) -> Mapping[str, object]:
        """What is in use, by the keys of the diagnostics."""
        return {**self._job.facts, **self._input_facts, **self._output.facts}

    @property
    def image_sizes(self) -> dict[str, tuple[int, int]]:
        """Height and width in pixels of the images by the topic as configured, where known."""
        size = self._job.image_size
        return {} if size is None else {self._config.input_topic: size}

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

    @property
    def may_lose_frames(self) -> bool:
        """Whether every frame is to be answered but not every frame need arrive."""
        return self._config.mode == "every" and self._config.qos == "sensor_data"

    def open(self) -> None:
        """Load and warm up the network, on the thread that will run it.

        Raises:
            ModelError: The model is missing or damaged.
            EngineError: No engine can run it as asked.
        """
        self._worker.start()

    def activate(self) -> None:
        """Subscribe, and say what the label images will mean."""
        self._output.legend.publish(self._job.labels)
        self._worker.resume()
        self._input = ImageInput(
            self._node,
            self._config,
            on_arrival=self._take,
            on_refusal=self._refuse,
            is_open=lambda: self._worker.has_room,
            is_wanted=self._wants,
        )
        self._faults = self._no_faults()
        self._watch = InputWatch(
            self._node,
            self._input.subscription,
            self._faults,
            silence_s=lambda: self._monitor.silence_s,
            takes=lambda: self._worker.has_room,
        )
        self._output.camera_info.listen(self._input.image_topic)

    def deactivate(self) -> None:
        """Unsubscribe, and return when no frame is under way."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._input is not None:
            self._input.close()
            self._input = None
        self._worker.pause()
        self.drift.rest()
        self._output.camera_info.rest()

    def close(self) -> None:
        """Free all of it: subscription, threads, engine and topics."""
        self.deactivate()
        self._worker.close()
        self._output.close()

    def adjust(self, config: NodeConfig) -> None:
        """Use other values of the live parameters for the frames to come."""
        self._config = config
        self._monitor.deadline_ms = config.deadline_ms
        self._limit.rate_hz = config.rate_limit
        self._faults.allowed_s = config.silence_warning_s
        self._output.images.adjust(config)
        self.drift.adjust(settings_of(config))

    def report(self) -> Report:
        """The figures since the report before."""
        return self._monitor.report(self._worker.counts)

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
        return InputFaults(self._node.get_logger().warning, self._config.silence_warning_s)

    def _wants(self, arrival: Arrival) -> bool:
        # Drivers without a clock leave the stamp at zero: then the arrival has to do.
        if self._limit.admits(stamp_ns(arrival.header) or time.monotonic_ns()):
            return True
        self._monitor.arrived(stamp_ns(arrival.header), arrival.clock_ns)
        self._worker.leave_out()
        return False

    def _take(self, arrival: Arrival) -> None:
        self._monitor.arrived(stamp_ns(arrival.header), arrival.clock_ns)
        self._worker.submit(arrival)

    def _refuse(self, arrival: Arrival, error: FrameError) -> None:
        self._monitor.arrived(stamp_ns(arrival.header), arrival.clock_ns)
        self._worker.refuse()
        self._job.refused(error)

    def _wake(self) -> None:
        # The executor left the subscription out while there was no room: it must look again. It
        # may be gone already when the process ends.
        executor = self._node.executor
        if executor is not None:
            with contextlib.suppress(Exception):
                executor.wake()

    def _complain(self, kind: str, sentence: str) -> None:
        now = time.monotonic()
        ending = not self._node.context.ok()
        if ending or now - self._said.get(kind, -COMPLAINT_PERIOD_S) < COMPLAINT_PERIOD_S:
            return
        self._said[kind] = now
        self._node.get_logger().warning(sentence)
