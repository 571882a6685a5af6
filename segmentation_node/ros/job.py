"""What the worker does with a camera image: read it, segment it, publish the result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from segmentation_node.config import NodeConfig
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.labels import LabelSet
from segmentation_node.errors import EngineError, FrameError, SegmentationError
from segmentation_node.model import load_model
from segmentation_node.pipeline.drift import DriftWatch
from segmentation_node.pipeline.monitor import Monitor
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.pipeline.size_choice import choose_by_trial
from segmentation_node.pipeline.size_trial import SizeTrial
from segmentation_node.pipeline.view import View
from segmentation_node.ros.image_input import Arrival
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.stream_output import StreamOutput

WARM_UP_SIZE = (720, 1280)
"""Height and width of the image to warm up with while those of the camera are not known."""

_log = logging.getLogger("segmentation_node")

Complain = Callable[[str, str], None]


class SegmentationJob:
    """Owns the segmenter; `open`, `compute` and `close` run on one thread, `publish` on another.

    Args:
        config: The node's parameters.
        output: Where results are published.
        monitor: Is told of ages, stages and failures.
        drift: Sees every image that was answered.
        complain: Logs a sentence of a kind: (kind, sentence).
        image_size: Height and width in pixels of the camera's images, where they are known.
    """

    def __init__(
        self,
        config: NodeConfig,
        output: StreamOutput,
        monitor: Monitor,
        drift: DriftWatch,
        complain: Complain,
        image_size: tuple[int, int] | None = None,
    ) -> None:
        self._config = config
        self._output = output
        self._monitor = monitor
        self._drift = drift
        self._complain = complain
        self._segmenter: Segmenter | None = None
        self._image = self._size_reason = ""
        self.image_size = image_size
        """Height and width in pixels of the camera's latest image; None while there was none."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What is really in use, for the log and the diagnostics."""
        segmenter = self._segmenter
        if segmenter is None:
            return {}
        return {
            "model": segmenter.model.name,
            "engine": segmenter.engine_name,
            "device": segmenter.device,
            "precision": segmenter.precision,
            "network_size": str(segmenter.network_size),
            "network_size_reason": self._size_reason or "as asked",
            "roi": self._config.roi,
            "output_size": self._config.output_size,
            "labels": segmenter.labels.name,
            "mode": self._config.mode,
            "image": self._image,
        }

    @property
    def labels(self) -> LabelSet:
        """What label images hold.

        Raises:
            EngineError: The job is not open.
        """
        return self._loaded.labels

    def open(self) -> None:
        """Load the network and run it once, so that the first frame is as fast as the others."""
        config = self._config
        view = View.parse(config.roi, config.output_size, config.class_map)
        auto = config.network_size == "auto"
        self._segmenter = Segmenter.load(
            config.model,
            engine=config.engine,
            precision=config.precision,
            network_size=self._largest_size(view) if auto else config.network_size,
            view=view,
        )
        self._segmenter.warm_up(*(self.image_size or WARM_UP_SIZE))
        self._drift.compare_with(self._segmenter.model, self._segmenter.input_name)

    def compute(self, item: Arrival, slot: OutputSlot) -> None:
        """Segment one image into the messages of a slot.

        Raises:
            FrameError: It cannot be read, or does not hold the region of interest.
            EngineError: The engine failed.
        """
        taken = time.perf_counter()
        frame = item.read()
        read = time.perf_counter()
        self.image_size = frame.height, frame.width
        self._image = f"{frame.height}x{frame.width} {frame.encoding}"
        outputs, window = self._output.images.wanted, self._loaded.window(frame.height, frame.width)
        result = self._loaded.segment(frame, outputs, slot.buffers(window, outputs))
        before = {
            "wait": (taken - item.arrived_s) * 1e3 - item.read_ms,
            "read": (read - taken) * 1e3 + item.read_ms,
        }
        slot.frame, slot.stages_ms = frame, {**before, **result.stages_ms}
        slot.computed_s = time.perf_counter()
        slot.compute_ms = (slot.computed_s - taken) * 1e3

    def publish(self, item: Arrival, slot: OutputSlot) -> None:
        """Send the messages of a slot: the images as they are first, then the compressed ones.

        Raises:
            FrameError: An image is too large for its codec.
        """
        begun = time.perf_counter()
        self._output.publish(slot, item.header)
        published = time.perf_counter()
        self._output.images.publish_compressed(slot, item.header)
        encoded = time.perf_counter()
        self._compare(slot)
        done = time.perf_counter()
        stages_ms = {
            **slot.stages_ms,
            "handover": (begun - slot.computed_s) * 1e3,
            "publish": (published - begun) * 1e3,
            "encode": (encoded - published) * 1e3,
            "total": (published - item.arrived_s) * 1e3,
        }
        self._monitor.published(stages_ms, busy_ms=max(slot.compute_ms, (done - begun) * 1e3))
        age = {} if item.age_ms is None else {"input_age": item.age_ms}
        self._output.timing.publish({**stages_ms, **age})

    def failed(self, item: Arrival, error: Exception) -> None:
        """Note and log what went wrong with one image."""
        if isinstance(error, FrameError):
            self.refused(error)
            return
        if isinstance(error, EngineError):
            self._monitor.engine_failed(str(error))
        expected = isinstance(error, SegmentationError)
        kind = type(error).__name__
        self._complain(kind, f"frame lost: {error if expected else f'{kind}: {error}'}")

    def refused(self, error: FrameError) -> None:
        """Note and log a malformed frame."""
        self._monitor.malformed(str(error))
        # The fix tells the kinds apart: it holds no figures that differ from frame to frame.
        self._complain(error.fix, f"malformed frame: {error}")

    def close(self) -> None:
        """Free the engine."""
        if self._segmenter is not None:
            self._segmenter.close()
            self._segmenter = None

    def _largest_size(self, view: View) -> NetworkSize:
        config, model = self._config, load_model(self._config.model)
        # The ROS graph tells neither the size nor the rate of images that nobody subscribed to.
        image_size = self.image_size or WARM_UP_SIZE
        trial = SizeTrial(model, image_size, view, config.engine, config.precision)
        rate_hz = min(config.target_rate_hz, config.rate_limit or config.target_rate_hz)
        choice = choose_by_trial(model.sizes, rate_hz, trial)
        known = "the camera's" if self.image_size else "the camera's are not known yet"
        self._size_reason = "{}; on images of {}x{} pixels ({})".format(
            choice.reason, *image_size, known
        )
        level = logging.INFO if choice.holds else logging.WARNING
        _log.log(level, "network_size auto: %s", self._size_reason)
        return choice.timing.size

    def _compare(self, slot: OutputSlot) -> None:
        # Last of all, so that nobody waits for it; and the slot must not keep the message alive.
        frame, slot.frame = slot.frame, None
        if frame is not None:
            self._drift.see(frame)

    @property
    def _loaded(self) -> Segmenter:
        if self._segmenter is None:
            raise EngineError("a frame before the network was loaded", "an open job", "open it")
        return self._segmenter
