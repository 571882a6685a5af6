"""What the worker does with a camera image: read it, segment it, publish the result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from segmentation_node.core.labels import LabelSet
from segmentation_node.errors import EngineError, FrameError, SegmentationError
from segmentation_node.pipeline.drift import DriftWatch
from segmentation_node.pipeline.monitor import Monitor
from segmentation_node.pipeline.together import Piece, begin_together
from segmentation_node.ros.image_input import Arrival
from segmentation_node.ros.network import Network
from segmentation_node.ros.output_slot import OutputSlot
from segmentation_node.ros.stream_output import StreamOutput

Complain = Callable[[str, str], None]

_log = logging.getLogger("segmentation_node")


@dataclass
class CameraSide:
    """What the job needs of one camera, and what it has learnt of it.

    Args:
        output: Where results are published.
        monitor: Is told of ages, stages and failures.
        drift: Sees every image that was answered.
        complain: Logs a sentence of a kind: (kind, sentence).
        image_size: Height and width in pixels of the latest image; None while there was none.
        image: Size and encoding of the latest image, in words.
    """

    output: StreamOutput
    monitor: Monitor
    drift: DriftWatch
    complain: Complain
    image_size: tuple[int, int] | None = None
    image: str = ""


class SegmentationJob:
    """A worker's job: owns the network; `publish` runs on one thread, all the rest on another.

    Args:
        cameras: One for each camera.
        load: Loads the network that is used first.
    """

    def __init__(self, cameras: Sequence[CameraSide], load: Callable[[], Network]) -> None:
        self._cameras = cameras
        self._load = load
        self._network: Network | None = None

    @property
    def facts(self) -> Mapping[str, object]:
        """What is really in use, for the log and the diagnostics."""
        network = self._network
        return {} if network is None else network.facts

    @property
    def trouble(self) -> str:
        """What is wrong with the network that runs; empty where nothing is, and without one."""
        network = self._network
        return "" if network is None else network.trouble

    @property
    def labels(self) -> LabelSet:
        """What label images hold.

        Raises:
            EngineError: The job is not open.
        """
        return self._loaded.labels

    def open(self) -> None:
        """Load the network and run it once, so that the first frame is as fast as the others."""
        network = self._load()
        try:
            self.use(network)
        except BaseException:
            network.close()
            raise

    def use(self, network: Network) -> None:
        """Compute with a network from now on; the one before it is closed. No frame is under way.

        Where it raises, the one before it is still in use, and the caller has the new one.

        Args:
            network: One that is loaded; the job closes it.
        """
        for camera, segmenter in zip(self._cameras, network.segmenters, strict=True):
            camera.drift.compare_with(segmenter.model, segmenter.input_name)
            camera.monitor.begin_timing()
        old, self._network = self._network, network
        if old is None:
            return
        try:
            old.close()
        except Exception as error:
            # Raised from here, it would have the network closed that is in use now.
            _log.warning("the network before this one was not freed: %r", error)

    @property
    def depth(self) -> int:
        """How many images may be begun and not finished."""
        return self._loaded.segmenters[0].depth

    @property
    def batch(self) -> int:
        """Of how many cameras images may be begun together."""
        return self._loaded.segmenters[0].batch

    def begin(self, item: Arrival, slot: OutputSlot) -> None:
        """Read one image, and begin with its segmentation into the messages of a slot.

        Raises:
            FrameError: It cannot be read, or does not hold the region of interest.
            EngineError: The engine failed.
        """
        taken = time.perf_counter()
        segmenter, frame, outputs, buffers = self._read(item, slot)
        _note_wait(item, slot)
        segmenter.begin(frame, outputs, buffers)
        slot.frame = frame
        slot.compute_ms = (time.perf_counter() - taken) * 1e3

    def begin_together(self, items: Sequence[tuple[Arrival, OutputSlot]]) -> list[Exception | None]:
        """Read images of several cameras, and begin with their segmentation in one execution.

        Returns:
            For each why it was not begun; None where it was.

        Raises:
            EngineError: The engine takes none of them.
        """
        taken = time.perf_counter()
        read = [self._try_to_read(item, slot) for item, slot in items]
        for (item, slot), one in zip(items, read, strict=True):
            if not isinstance(one, Exception):
                _note_wait(item, slot)
        begun = iter(begin_together([one for one in read if not isinstance(one, Exception)]))
        errors = [one if isinstance(one, Exception) else next(begun) for one in read]
        # The thread's time is that of all of them.
        compute_ms = (time.perf_counter() - taken) * 1e3 / len(items)
        for (_, slot), one, error in zip(items, read, errors, strict=True):
            slot.compute_ms = compute_ms
            slot.frame = None if isinstance(one, Exception) or error else one[1]
        return errors

    def _try_to_read(self, item: Arrival, slot: OutputSlot) -> Piece | Exception:
        try:
            return self._read(item, slot)
        except Exception as error:
            # It is told of this image alone: those beside it go on.
            return error

    def _read(self, item: Arrival, slot: OutputSlot) -> Piece:
        begun = time.perf_counter()
        frame = item.read()
        slot.stages_ms = {"read": (time.perf_counter() - begun) * 1e3 + item.read_ms}
        camera, segmenter = self._cameras[item.camera], self._loaded.segmenters[item.camera]
        camera.image_size = frame.height, frame.width
        camera.image = f"{frame.width} wide, {frame.height} high, {frame.encoding}"
        outputs, window = camera.output.images.wanted, segmenter.window(frame.height, frame.width)
        return segmenter, frame, outputs, slot.buffers(window, outputs)

    def is_ready(self, item: Arrival) -> bool:
        """Whether `finish` would return at once for the image that was begun first."""
        return self._loaded.segmenters[item.camera].is_ready

    def finish(self, item: Arrival, slot: OutputSlot) -> None:
        """Wait for the image that was begun first, whose messages are then filled.

        Raises:
            EngineError: The engine failed.
        """
        called = time.perf_counter()
        result = self._loaded.segmenters[item.camera].finish()
        slot.stages_ms = {**slot.stages_ms, **result.stages_ms}
        slot.computed_s = time.perf_counter()
        # What the thread gave to it: in between it may have begun with another image.
        slot.compute_ms += (slot.computed_s - called) * 1e3

    def publish(self, item: Arrival, slot: OutputSlot) -> None:
        """Send the messages of a slot: the images as they are first, then the compressed ones.

        Raises:
            FrameError: An image is too large for its codec.
        """
        camera = self._cameras[item.camera]
        begun = time.perf_counter()
        camera.output.publish(slot, item.header)
        published = time.perf_counter()
        camera.output.images.publish_compressed(slot, item.header)
        encoded = time.perf_counter()
        self._compare(camera, slot)
        done = time.perf_counter()
        stages_ms = {
            **slot.stages_ms,
            "handover": (begun - slot.computed_s) * 1e3,
            "publish": (published - begun) * 1e3,
            "encode": (encoded - published) * 1e3,
            "total": (published - item.arrived_s) * 1e3,
        }
        camera.monitor.published(stages_ms, busy_ms=max(slot.compute_ms, (done - begun) * 1e3))
        age = {} if item.age_ms is None else {"input_age": item.age_ms}
        camera.output.timing.publish({**stages_ms, **age})

    def failed(self, item: Arrival, error: Exception) -> None:
        """Note and log what went wrong with one image."""
        camera = self._cameras[item.camera]
        if isinstance(error, FrameError):
            self.refused(item, error)
            return
        if isinstance(error, EngineError):
            camera.monitor.engine_failed(str(error))
        expected = isinstance(error, SegmentationError)
        kind = type(error).__name__
        camera.complain(kind, f"frame lost: {error if expected else f'{kind}: {error}'}")

    def refused(self, item: Arrival, error: FrameError) -> None:
        """Note and log a malformed frame."""
        camera = self._cameras[item.camera]
        camera.monitor.malformed(str(error))
        # The fix tells the kinds apart: it holds no figures that differ from frame to frame.
        camera.complain(error.fix, f"malformed frame: {error}")

    def close(self) -> None:
        """Free the engine."""
        network, self._network = self._network, None
        if network is not None:
            network.close()

    def _compare(self, camera: CameraSide, slot: OutputSlot) -> None:
        # Last of all, so that nobody waits for it; and the slot must not keep the message alive.
        frame, slot.frame = slot.frame, None
        if frame is not None:
            camera.drift.see(frame)

    @property
    def _loaded(self) -> Network:
        if self._network is None:
            raise EngineError("a frame before the network was loaded", "an open job", "open it")
        return self._network


def _note_wait(item: Arrival, slot: OutputSlot) -> None:
    """Note what passed from an image's arrival until now, but for what reading it took."""
    arrived_ms = (time.perf_counter() - item.arrived_s) * 1e3
    slot.stages_ms = {"wait": arrived_ms - slot.stages_ms["read"], **slot.stages_ms}
