"""The package's face as a library: an image in, its segmentation out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.closing import Closing
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize
from segmentation_node.core.labels import LabelSet
from segmentation_node.core.window import Window
from segmentation_node.engines import BuildWatch, CpuEngine, GpuEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, load_model
from segmentation_node.pipeline.buffer_ring import BufferRing
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.opening import Pipeline, open_pipeline, pipeline_on
from segmentation_node.pipeline.result import Segmentation
from segmentation_node.pipeline.view import View

_log = logging.getLogger("segmentation_node")


class Segmenter(Closing):
    """Segments images with one network; a context manager.

    It may be called from several threads: frames are then computed one after the other, and each
    thread has results of its own.

    Args:
        model: The network.
        engine: The network on its runtime; the segmenter closes it.
        view: What is seen of the images, and what its results look like; all of them, at their
            own size, where None.
        pipeline: What segments with that engine, where it is open already.

    Raises:
        ConfigError: The view merges classes that the network does not have.
    """

    def __init__(
        self,
        model: Model,
        engine: CpuEngine | GpuEngine,
        view: View | None = None,
        pipeline: Pipeline | None = None,
    ) -> None:
        self.model = model
        self.labels: LabelSet = (view or View()).labels(model.labels)
        """What label images hold: the merged classes, or those of the network."""
        self._engine = engine
        self._pipeline = pipeline or pipeline_on(model, engine, view)
        self._lock = threading.RLock()  # those beside it are used together, under the same one
        self._ring = BufferRing()
        self._closed = False

    @classmethod
    def load(
        cls,
        model: str | Path = "camvid",
        *,
        engine: str = "auto",
        precision: str = "auto",
        network_size: str | NetworkSize | None = None,
        view: View | None = None,
        watch: BuildWatch | None = None,
        mapped: bool | None = None,
        batch: int = 1,
    ) -> Segmenter:
        """Load a network.

        A TensorRT engine that is not in the cache is built, which may take minutes.

        Args:
            model: Name of a shipped model, or path of an .onnx file with its sidecar beside it.
            engine: `auto`, `tensorrt` or `openvino`.
            precision: `auto`, `fp32`, `bf16`, `fp16` or `int8`.
            network_size: Size of the network's input as HEIGHTxWIDTH in pixels, such as
                `512x1024`; `default` or None for the model's own.
            view: What is seen of the images, and what its results look like; all of them, at
                their own size, where None.
            watch: Follows the building of an engine, and can end it.
            mapped: On a GPU, whether its kernels read images and write results in main memory,
                without copies; where None, if the GPU is integrated. See docs/gpu.md.
            batch: On a GPU, of how many cameras frames may be begun together at most.

        Raises:
            ModelError: The model or its sidecar is missing or faulty, or cannot run at that size.
            EngineError: The engine or the precision is not to be had here, or a build failed or
                was cancelled.
            ConfigError: The size is none, or the view merges classes that the network has not.
        """
        found = load_model(model)
        size = found.size_of(network_size)
        pipeline = open_pipeline(
            found,
            engine=engine,
            precision=precision,
            size=size,
            view=view,
            watch=watch,
            mapped=mapped,
            batch=batch,
        )
        if found.notice:
            _log.warning("%s: %s", found.name, found.notice)
        # Where the precision is a file of its own, that file's calibration is what counts.
        segmenter = cls(pipeline.engine.model, pipeline.engine, view, pipeline)
        if segmenter.trouble:
            _log.warning("%s", segmenter.trouble)
        return segmenter

    def beside(self, view: View | None = None) -> Segmenter:
        """A second segmenter on the same engine, for another camera; closing one closes both.

        Args:
            view: What is seen of its images, and what its results look like; all of them, at their
                own size, where None.

        Raises:
            ConfigError: The view merges classes that the network does not have.
        """
        other = Segmenter(self.model, self._engine, view, self._pipeline.beside(view))
        other._lock = self._lock
        return other

    @property
    def precision(self) -> str:
        """The precision in use, asked of the runtime: `fp32`, `bf16`, `fp16` or `int8`."""
        return self._engine.precision

    @property
    def trouble(self) -> str:
        """Why a network in INT8 is not known to label as in float; empty for any other."""
        model = self._engine.model
        if self.precision != "int8" or (model.agreement and not model.agreement.trouble):
            return ""
        if model.agreement is None:
            return (
                f"received {model.path.name} in INT8, which nobody has held against its float "
                "network; expected its agreement in the sidecar; fix: segmentation quantize "
                f"--check {model.path} --model FLOAT.onnx --images DIR"
            )
        return (
            f"received {model.path.name} in INT8, which does not label as in float: "
            f"{model.agreement.trouble}; fix: quantize it again, or ask for precision fp32"
        )

    @property
    def device(self) -> str:
        """The device in use, as the runtime names it."""
        return self._engine.device

    @property
    def engine_name(self) -> str:
        """The engine and its version, such as `openvino (OpenVINO 2026.1.0)`."""
        return f"{self._engine.name} ({self._engine.runtime})"

    @property
    def plan_bytes(self) -> int | None:
        """Size of the plan that the engine was loaded from; None where it has none."""
        size: int | None = getattr(self._engine, "plan_bytes", None)
        return size

    @property
    def launches(self) -> str:
        """How frames reach a GPU: `CUDA graph`, or `plain enqueue` and why; empty without one."""
        return self._pipeline.launches

    @property
    def gpu_memory(self) -> str:
        """How images get to a GPU: `mapped` or `copied`; empty without one."""
        return self._pipeline.gpu_memory

    @property
    def input_name(self) -> str:
        """Name of the network's input tensor."""
        return self._engine.input.name

    @property
    def network_size(self) -> NetworkSize:
        """Size of the network's input."""
        return self._pipeline.network_size

    @property
    def input_changes(self) -> int:
        """How often the size or encoding of the frames has changed."""
        return self._pipeline.changes

    def window(self, height: int, width: int) -> Window:
        """How results lie on camera images of a size, and how large they are.

        Args:
            height: Pixels of the camera image.
            width: Pixels of the camera image.

        Raises:
            FrameError: Such an image does not hold the region that is to be seen.
        """
        return self._pipeline.window(height, width)

    def logits(self, image: NDArray[np.uint8] | Frame) -> tuple[NDArray[np.float32], Fit]:
        """Run the network alone.

        Args:
            image: (H, W, 3) uint8 BGR, or a frame in any encoding.

        Returns:
            (C, h, w) float32 logits, the caller's own, and how the image was fitted.

        Raises:
            FrameError: The image is not (H, W, 3) uint8, or the frame cannot be converted.
            EngineError: The segmenter is closed, or the runtime failed.
        """
        with self.exclusive() as pipeline:
            found, fitted = pipeline.logits(_frame(image))
            return found.copy(), fitted

    def __call__(
        self, image: NDArray[np.uint8] | Frame, outputs: Outputs | None = None
    ) -> Segmentation:
        """Segment one image.

        Args:
            image: (H, W, 3) uint8 BGR, or a frame in any encoding.
            outputs: What to make besides the labels; colour alone where None.

        Returns:
            A result that is valid until the second-next call from the same thread; its `copy` is
            valid for as long as it is kept.

        Raises:
            FrameError: The image is not (H, W, 3) uint8, or the frame cannot be converted.
            EngineError: The segmenter is closed, or the runtime failed.
        """
        frame, outputs = _frame(image), outputs or Outputs()
        window = self.window(frame.height, frame.width)
        return self.segment(frame, outputs, self._ring.next(window, outputs))

    def segment(
        self, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
    ) -> Segmentation:
        """Segment one frame into memory of the caller's.

        Args:
            frame: The camera image, in any encoding.
            outputs: What to make besides the labels; colour alone where None.
            into: Memory to write to, which the result then views; new memory where None.

        Raises:
            FrameError: The frame cannot be converted.
            OutputError: `into` does not fit the frame and the outputs.
            EngineError: The segmenter is closed, or the runtime failed.
        """
        with self.exclusive() as pipeline:
            return pipeline.segment(frame, outputs, into)

    @contextmanager
    def exclusive(self) -> Iterator[Pipeline]:
        """Give this thread alone what segments the frames, while a block runs.

        Raises:
            EngineError: The segmenter is closed.
        """
        with self._lock:
            if self._closed:
                fix = "call it inside its `with` block, or load it again"
                raise EngineError("a frame for a closed segmenter", "an open one", fix)
            yield self._pipeline

    @property
    def batch(self) -> int:
        """Of how many cameras frames may be begun together, see `begin_together`."""
        return self._pipeline.batch

    @property
    def depth(self) -> int:
        """Frames that may be begun and not finished: more than one on a GPU alone."""
        return self._pipeline.depth

    def begin(
        self, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
    ) -> None:
        """Begin with one frame: `segment` in two halves, see `CudaPipeline.begin` and `finish`."""
        with self.exclusive() as pipeline:
            pipeline.begin(frame, outputs, into)

    @property
    def is_ready(self) -> bool:
        """Whether `finish` would return at once: with a result, or with an error."""
        with self._lock:
            return self._pipeline.is_ready

    def finish(self) -> Segmentation:
        """Wait for the frame that was begun first; see `CudaPipeline.finish`."""
        with self.exclusive() as pipeline:
            return pipeline.finish()

    def warm_up(self, height: int, width: int, outputs: Outputs | None = None) -> None:
        """Segment grey images, so that the first real one finds everything in place.

        Args:
            height: Pixels of the camera images to come.
            width: Pixels of the camera images to come.
            outputs: What will be made of them; colour alone where None.
        """
        with self.exclusive() as pipeline:
            pipeline.warm_up(height, width, outputs)

    def close(self) -> None:
        """Free the network, after the frame that is under way; closing twice does nothing."""
        with self._lock:
            self._closed = True
            self._pipeline.close()


def _frame(image: NDArray[np.uint8] | Frame) -> Frame:
    return image if isinstance(image, Frame) else Frame.from_array(image)
