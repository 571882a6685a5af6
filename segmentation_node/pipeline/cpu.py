"""The pipeline on the CPU: frame in, labels and colours out, on memory allocated once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.closing import Closing
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize
from segmentation_node.core.timing import StageClock
from segmentation_node.core.window import Window
from segmentation_node.engines import CpuEngine
from segmentation_node.model import Model
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.depth import check_under_way, nothing_begun
from segmentation_node.pipeline.kinds import KindChanges, LatestKinds, grey_frame
from segmentation_node.pipeline.result import Segmentation
from segmentation_node.pipeline.stream import Kind, Stream
from segmentation_node.pipeline.view import View

STAGES = ("preprocess", "inference", "postprocess")


class CpuPipeline(Closing):
    """Segments frames with an engine in main memory.

    Everything whose size depends on the camera is made for the first frame of a size and encoding,
    and kept for the latest few of them. One pipeline serves one thread at a time.

    Args:
        model: The network.
        engine: The network on its runtime; the pipeline closes it.
        view: What is seen of the images, and what its results look like; all of them, at their
            own size, where None.

    Raises:
        ConfigError: The view merges classes that the network does not have.
    """

    depth = 1
    """Frames that may be begun and not finished: a processor is done when one is begun."""

    batch = 1
    """Of how many cameras frames may be begun together."""

    is_ready = True
    """Whether `finish` would return at once."""

    def __init__(self, model: Model, engine: CpuEngine, view: View | None = None) -> None:
        self._model = model
        self._engine = engine
        self._view = view or View()
        self._view.check(model.labels)
        self._clock = StageClock(STAGES)
        self._stream: Stream | None = None
        self._streams: LatestKinds[Kind, Stream] = LatestKinds()
        self._changes = KindChanges()
        self._begun: Segmentation | None = None
        self.launches = ""
        """How frames reach a GPU: there is none."""
        self.gpu_memory = ""
        """How images get to a GPU: there is none."""

    @property
    def changes(self) -> int:
        """How often the frames' size or encoding has changed."""
        return self._changes.count

    def beside(self, view: View | None = None) -> CpuPipeline:
        """A second pipeline on the same engine, for another camera; closing one closes both.

        Both together serve one thread at a time.

        Args:
            view: What is seen of its images, and what its results look like; all of them, at their
                own size, where None.

        Raises:
            ConfigError: The view merges classes that the network does not have.
        """
        return CpuPipeline(self._model, self._engine, view)

    @property
    def engine(self) -> CpuEngine:
        """The network on its runtime."""
        return self._engine

    @property
    def network_size(self) -> NetworkSize:
        """Size of the network's input."""
        _, height, width, _ = self._engine.input_array.shape
        return NetworkSize(height, width)

    def window(self, height: int, width: int) -> Window:
        """How results lie on camera images of a size, and how large they are.

        Args:
            height: Pixels of the camera image.
            width: Pixels of the camera image.

        Raises:
            FrameError: Such an image does not hold the region that is to be seen.
        """
        stream = self._stream
        if stream is not None and stream.kind[:2] == (height, width):
            return stream.window
        return self._view.window(self._model.input.fit, height, width, self.network_size)

    @property
    def mixed_share(self) -> float:
        """Share of the last image's cells between logits in which classes met."""
        return 0.0 if self._stream is None else self._stream.labels.mixed_share

    def segment(
        self, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
    ) -> Segmentation:
        """Segment one frame.

        Args:
            frame: The camera image, in any encoding.
            outputs: What to make besides the labels; colour alone where None.
            into: Memory to write to, which the result then views; new memory where None.

        Raises:
            FrameError: The frame cannot be converted.
            OutputError: `into` does not fit the frame and the outputs.
            EngineError: The pipeline is closed, or the runtime failed.
        """
        self._changes.see(frame)
        return self._segment(frame, outputs or Outputs(), into)

    def begin(
        self, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
    ) -> None:
        """Segment one frame, for `finish` to give; what it takes and raises is as for `segment`.

        Raises:
            EngineError: The frame before it was not finished, too.
        """
        check_under_way(int(self._begun is not None), 0)
        self._begun = self.segment(frame, outputs, into)

    def finish(self) -> Segmentation:
        """The result of the frame that was begun.

        Raises:
            EngineError: None was.
        """
        begun, self._begun = self._begun, None
        if begun is None:
            raise nothing_begun()
        return begun

    def logits(self, frame: Frame) -> tuple[NDArray[np.float32], Fit]:
        """Run the network alone.

        Args:
            frame: The camera image, in any encoding.

        Returns:
            (C, h, w) float32 logits, valid until the next call, and how the image was fitted.

        Raises:
            FrameError: The frame cannot be converted.
            EngineError: The pipeline is closed, or the runtime failed.
        """
        stream = self._stream_of(frame)
        stream.fill(frame, self._engine.input_array[0])
        return self._engine.infer()[0], stream.fit

    def warm_up(self, height: int, width: int, outputs: Outputs | None = None) -> None:
        """Segment grey images, so that the first real one finds everything in place.

        Args:
            height: Pixels of the camera images to come.
            width: Pixels of the camera images to come.
            outputs: What will be made of them; colour alone where None.
        """
        frame = grey_frame(self._view, height, width)
        for _ in range(2):
            self._segment(frame, outputs or Outputs(), None)

    def _segment(self, frame: Frame, outputs: Outputs, into: Buffers | None) -> Segmentation:
        self._clock.start()
        stream = self._stream_of(frame)
        size = stream.window.height, stream.window.width
        buffers = into or Buffers.allocate(*size, outputs)
        buffers.check(*size, outputs)
        bgr = stream.fill(frame, self._engine.input_array[0])
        self._clock.mark("preprocess")
        logits = self._engine.infer()[0]
        self._clock.mark("inference")
        stream.finish(logits, bgr, outputs, buffers)
        self._clock.mark("postprocess")
        return Segmentation.of(buffers, self._clock.stages_ms(), frame.stamp_ns, frame.frame_id)

    def _stream_of(self, frame: Frame) -> Stream:
        kind = (frame.height, frame.width, frame.encoding)
        if self._stream is None or self._stream.kind != kind:
            self._stream = self._streams.of(kind, self._make_stream)
        return self._stream

    def _make_stream(self, kind: Kind) -> Stream:
        return Stream(self._model, kind, self.network_size, self._view)

    def close(self) -> None:
        """Close the engine and free the buffers; closing twice does nothing."""
        self._engine.close()
        self._stream = self._begun = None
        self._streams = LatestKinds()
