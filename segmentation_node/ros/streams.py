"""All cameras of a node, the worker that serves them, and the network that they share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rclpy.lifecycle import LifecycleNode

from segmentation_node.cameras import cameras_of
from segmentation_node.config import NodeConfig, PipelineConfig
from segmentation_node.core.labels import LabelSet
from segmentation_node.engines import BuildWatch
from segmentation_node.errors import FrameError, SegmentationError
from segmentation_node.pipeline.gathering import Gathering
from segmentation_node.pipeline.monitor import Report
from segmentation_node.pipeline.swap import Swap
from segmentation_node.pipeline.worker import Worker
from segmentation_node.ros.build_facts import build_facts
from segmentation_node.ros.conversion import stamp_ns
from segmentation_node.ros.image_input import Arrival
from segmentation_node.ros.job import SegmentationJob
from segmentation_node.ros.legend import Legend
from segmentation_node.ros.network import Network, changes
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.stream import CameraStream

SLOTS = 3
"""Sets of messages of each camera: one goes out, one is written, and on a GPU one more. What is
never used has no memory."""


class CameraStreams:
    """Owns what exists while the node is configured.

    Args:
        node: The node that it belongs to.
        config: The node's parameters.
        image_sizes: Height and width in pixels of images by their topic as configured, where they
            are known.
        on_swapped: Called (loading thread) when an exchange of the network has ended, well or not.
        on_failed: Called (a thread of the worker) when no frame can be answered any more.

    Raises:
        ConfigError: Topics, names and regions of the cameras do not go together.
    """

    def __init__(
        self,
        node: LifecycleNode,
        config: NodeConfig,
        image_sizes: Mapping[str, tuple[int, int]],
        on_swapped: Callable[[], None],
        on_failed: Callable[[], None],
    ) -> None:
        self._node = node
        self._config = config
        cameras = cameras_of(config)
        self.cameras: Sequence[CameraStream] = [
            CameraStream(node, camera, index, image_sizes.get(camera.config.input_topic))
            for index, camera in enumerate(cameras)
        ]
        """One for each camera."""
        self.watch = BuildWatch()
        """Follows the engines that are built here."""
        self._legend = Legend(node)
        self._job = SegmentationJob([one.side for one in self.cameras], self._load)
        slots = [[OutputSlot() for _ in range(SLOTS)] for _ in cameras]
        gathering = Gathering(config.batch_tolerance_ms * 1e-3, _stamp_of)
        self._worker = Worker(
            self._job, slots, config.mode, config.queue_size, self._wake, gathering, on_failed
        )
        self.swap: Swap[PipelineConfig, Network] = Swap(
            running=config.network,
            prepare=self._prepare,
            switch=self._switch,
            discard=Network.close,
            between_frames=self._worker.between_frames,
            settled=on_swapped,
            has_ended=lambda: self._worker.has_ended,
        )
        """Exchanges the network while frames are answered."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What is in use, by the keys of the diagnostics."""
        view = {"output_size": self.swap.running.output_size, "mode": self._config.mode}
        origin = {"engine_origin": self.watch.outcome} if self.watch.outcome else {}
        build = build_facts(self.watch.state)
        return {**self._job.facts, **origin, **build, **view, "network_change": self._change}

    @property
    def is_open(self) -> bool:
        """Whether the network is loaded."""
        return bool(self._job.facts)

    @property
    def failure(self) -> str:
        """Why no frame can be answered any more; empty while they can."""
        error = self._worker.failure
        return "" if error is None else f"the node cannot go on: {type(error).__name__}: {error}"

    @property
    def trouble(self) -> str:
        """Why the network was not exchanged as asked, or is not to be trusted; else empty."""
        failure = self.swap.failure
        if failure is None:
            return self._job.trouble
        wanted, error = failure
        said = error if isinstance(error, SegmentationError) else repr(error)
        kept = f"kept the network: cannot change to {changes(self.swap.running, wanted)}: {said}"
        return "; ".join(filter(None, [kept, self._job.trouble]))

    @property
    def image_sizes(self) -> dict[str, tuple[int, int]]:
        """Height and width in pixels of the images by the topic as configured, where known."""
        sizes = {one.input_topic: one.side.image_size for one in self.cameras}
        return {topic: size for topic, size in sizes.items() if size is not None}

    @property
    def topics(self) -> Sequence[str]:
        """The topics subscribed to, by their full names."""
        return [one.topic for one in self.cameras]

    @property
    def may_lose_frames(self) -> bool:
        """Whether every frame is to be answered but not every frame need arrive."""
        return self._config.mode == "every" and self._config.qos == "sensor_data"

    def open(self, meanwhile: Callable[[], None], period_s: float) -> None:
        """Load and warm up the network, on the thread that will run it.

        Args:
            meanwhile: Called again and again while it takes its time, by the caller's thread.
            period_s: Seconds between two of these calls.

        Raises:
            ModelError: The model is missing or damaged.
            EngineError: No engine can run it as asked.
        """
        self._worker.start(meanwhile, period_s)

    def activate(self) -> None:
        """Subscribe, and say what the label images will mean."""
        # On the computing thread, as when the network is exchanged: the later one comes last.
        self._worker.between_frames(lambda: self._legend.publish(self._job.labels))
        self._worker.resume()
        for camera in self.cameras:
            camera.activate(self)

    def deactivate(self) -> None:
        """Unsubscribe, and return when no frame is under way."""
        for camera in self.cameras:
            camera.deactivate()
        self._worker.pause()
        for camera in self.cameras:
            camera.rest()

    def close(self) -> None:
        """Free all of it: subscriptions, threads, engine and topics."""
        self.watch.cancel()
        self.deactivate()
        self.swap.close()
        self._worker.close()
        for camera in self.cameras:
            camera.close()
        self._legend.close()

    def adjust(self, config: NodeConfig) -> None:
        """Use other values of the live parameters for the frames to come.

        Those that decide about the network take effect by `swap`.
        """
        self._config = config
        running = replace(config, **vars(self.swap.running))
        for stream, camera in zip(self.cameras, cameras_of(running), strict=True):
            stream.adjust(camera)

    def reports(self) -> list[Report]:
        """The figures of each camera since the reports before."""
        return [
            camera.report(counts)
            for camera, counts in zip(self.cameras, self._worker.counts, strict=True)
        ]

    def has_room(self, camera: int) -> bool:
        """Whether a frame of a camera would be taken at once."""
        return self._worker.has_room(camera)

    def take(self, arrival: Arrival) -> None:
        """Take a frame that is to be answered."""
        self._worker.submit(arrival, arrival.camera)

    def refuse(self, arrival: Arrival, error: FrameError) -> None:
        """Take note of a frame that is none."""
        self._worker.refuse(arrival.camera)
        self._job.refused(arrival, error)

    def leave_out(self, camera: int) -> None:
        """Take note of a frame above the rate limit."""
        self._worker.leave_out(camera)

    @property
    def _change(self) -> str:
        pending = self.swap.pending
        if pending is not None:
            return f"loading {changes(self.swap.running, pending)}"
        return "failed" if self.swap.failure else "none"

    def _load(self, wanted: PipelineConfig | None = None) -> Network:
        config = self._config if wanted is None else replace(self._config, **vars(wanted))
        sizes = [one.side.image_size for one in self.cameras]
        return Network.load(config, sizes, self.watch)

    def _prepare(self, wanted: PipelineConfig, is_wanted: Callable[[], bool]) -> Network:
        with self.watch.while_wanted(is_wanted):
            return self._load(wanted)

    def _switch(self, network: Network) -> None:
        before: LabelSet = self._job.labels
        # First what may fail: once the network is in use, it must not be given up. All images of
        # the one before it are out.
        if network.labels != before:
            self._legend.publish(network.labels)
        self._job.use(network)

    def _wake(self) -> None:
        # The executor left a subscription out while there was no room: it must look again. It may
        # be gone already when the process ends.
        executor = self._node.executor
        if executor is not None:
            with contextlib.suppress(Exception):
                executor.wake()


def _stamp_of(arrival: Arrival) -> int:
    return stamp_ns(arrival.header)
