"""The pipeline on a GPU: frame in, labels and colours out, on memory allocated once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmentation_node.closing import Closing
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize
from segmentation_node.core.window import Window
from segmentation_node.cuda.gpu import Gpu
from segmentation_node.engines import GpuEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import Model
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.depth import check_under_way, nothing_begun
from segmentation_node.pipeline.gpu_camera import SLOTS
from segmentation_node.pipeline.gpu_cameras import GpuCameras
from segmentation_node.pipeline.gpu_execution import execute, logits_of
from segmentation_node.pipeline.gpu_family import GpuFamily, Together
from segmentation_node.pipeline.gpu_graphs import GraphUse
from segmentation_node.pipeline.gpu_job import UnderWay
from segmentation_node.pipeline.gpu_parts import GpuParts
from segmentation_node.pipeline.gpu_run import GpuRun, Turn
from segmentation_node.pipeline.kinds import KindChanges
from segmentation_node.pipeline.result import Segmentation
from segmentation_node.pipeline.view import View


class CudaPipeline(Closing):
    """Segments frames with an engine on a GPU.

    `segment` answers one frame. `begin` and `finish` are its two halves: with two frames under
    way, one is copied while the other is computed, and the processor is free meanwhile.

    Everything whose size depends on the camera is made for the first frame of a size and encoding,
    and kept for the latest few of them. One pipeline serves one thread at a time, whichever that
    is: the GPU's context is current on it during each call, and not between them.

    Args:
        model: The network.
        engine: The network on its runtime, made in the GPU's context; the pipeline closes it.
        view: What is seen of the images, and what its results look like; all of them, at their
            own size, where None.
        gpu: The GPU; the pipeline closes it.
        mapped: Whether kernels read images and write results in main memory, without copies: of
            use where CPU and GPU share their memory, see docs/gpu.md.
        graphs: Whether to enqueue frames as CUDA graphs.

    Raises:
        ConfigError: The view merges classes that the network does not have.
        EngineError: The engine takes several images at a time, or CUDA refuses.
    """

    depth = SLOTS
    """Frames that may be begun and not finished."""

    def __init__(
        self,
        model: Model,
        engine: GpuEngine,
        view: View | None = None,
        *,
        gpu: Gpu,
        mapped: bool = False,
        graphs: bool = True,
    ) -> None:
        view = view or View()
        view.check(model.labels)
        use = GraphUse(wanted=graphs)
        parts = GpuParts(gpu, model, engine, view, Turn(), use, mapped)
        self._set_up(parts, GpuFamily(parts))

    def _set_up(self, parts: GpuParts, family: GpuFamily) -> None:
        self._parts = parts
        self._gpu = parts.gpu
        self._family = family
        family.members.append(self)
        self.under_way: deque[UnderWay] = deque()
        """Frames that were begun and not finished, the first one first."""
        self.cameras = GpuCameras(parts, self.under_way)
        """What is kept for the kinds of its images."""
        self._changes = KindChanges()
        self._is_open = True
        self.gpu_stages_ms: dict[str, float] = {}
        """Milliseconds that the GPU took for each step of the latest frame, by its own events."""

    def beside(self, view: View | None = None) -> CudaPipeline:
        """A second pipeline on the same engine, for another camera; closing one closes both.

        Both together serve one thread at a time.

        Args:
            view: What is seen of its images, and what its results look like; all of them, at their
                own size, where None.

        Raises:
            ConfigError: The view merges classes that the network does not have.
        """
        view = view or View()
        view.check(self._parts.model.labels)
        other = CudaPipeline.__new__(CudaPipeline)
        other._set_up(replace(self._parts, view=view), self._family)
        return other

    @property
    def engine(self) -> GpuEngine:
        """The network on its runtime."""
        return self._parts.engine

    @property
    def batch(self) -> int:
        """Of how many cameras frames may be begun together."""
        return self._parts.engine.batch

    @property
    def launches(self) -> str:
        """How frames reach the GPU: `CUDA graph`, or `plain enqueue` and why."""
        return str(self._parts.graphs)

    @property
    def gpu_memory(self) -> str:
        """How images and results get to the GPU and back: `mapped` or `copied`."""
        return "mapped" if self._parts.mapped else "copied"

    @property
    def changes(self) -> int:
        """How often the frames' size or encoding has changed."""
        return self._changes.count

    @property
    def network_size(self) -> NetworkSize:
        """Size of the network's input."""
        return self._parts.network_size

    def window(self, height: int, width: int) -> Window:
        """How results lie on camera images of a size, and how large they are.

        Args:
            height: Pixels of the camera image.
            width: Pixels of the camera image.

        Raises:
            FrameError: Such an image does not hold the region that is to be seen.
        """
        return self.cameras.window(height, width)

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
            EngineError: The pipeline is closed, a frame that was begun is not finished, or CUDA
                or the runtime failed.
        """
        self._check(under_way=0)
        self.begin(frame, outputs, into)
        return self.finish()

    def begin(
        self, frame: Frame, outputs: Outputs | None = None, into: Buffers | None = None
    ) -> None:
        """Enqueue one frame and return while the GPU works on it.

        Args:
            frame: The camera image, in any encoding; it may change when this returns.
            outputs: What to make besides the labels; colour alone where None.
            into: Memory that `finish` writes to, and whose view the result then is; new memory
                where None.

        Raises:
            FrameError: The frame cannot be converted.
            OutputError: `into` does not fit the frame and the outputs.
            EngineError: The pipeline is closed, two frames are under way, or CUDA or the runtime
                failed.
        """
        self._check(under_way=SLOTS - 1)
        self._changes.see(frame)
        self._begin(frame, outputs or Outputs(), into)

    def begin_together(self, frames: Sequence[Together]) -> list[Exception | None]:
        """Enqueue frames of pipelines beside each other together; see `GpuFamily.begin`."""
        self._check(under_way=SLOTS)
        with self._gpu.current():
            return self._family.begin(frames)

    def bring(
        self, frame: Frame, outputs: Outputs, into: Buffers | None, run: GpuRun, begun_s: float
    ) -> UnderWay:
        """Fill a frame in, as one of a run that is free; see `GpuCameras.fill`."""
        self._check(under_way=SLOTS - 1)
        self._changes.see(frame)
        return self.cameras.fill(frame, outputs, into, run, begun_s)

    @property
    def is_ready(self) -> bool:
        """Whether `finish` would return at once: with a result, or with an error."""
        if not self._is_open or not self.under_way:
            return True
        # A failure here is told by `finish`, which meets it again.
        with suppress(EngineError), self._gpu.current():
            return self.under_way[0].run.is_done
        return True

    def finish(self) -> Segmentation:
        """Wait for the frame that was begun first.

        Raises:
            EngineError: No frame is under way, or CUDA or the runtime failed; the frame is lost.
        """
        self._check(under_way=SLOTS)
        if not self.under_way:
            raise nothing_begun()
        job = self.under_way.popleft()
        self._parts.turn.finished(job.run)
        with self._gpu.current():
            job.run.wait()
            self.gpu_stages_ms = job.run.stages_ms()
        buffers = job.buffers or Buffers.allocate(*job.camera.size, job.outputs)
        job.camera.read(job.slot, job.outputs, buffers)
        stages_ms = job.stages_ms(self.gpu_stages_ms)
        return Segmentation.of(buffers, stages_ms, job.stamp_ns, job.frame_id)

    def logits(self, frame: Frame) -> tuple[NDArray[np.float32], Fit]:
        """Run the network alone.

        Args:
            frame: The camera image, in any encoding.

        Returns:
            (C, h, w) float32 logits, the caller's own, and how the image was fitted.

        Raises:
            FrameError: The frame cannot be converted.
            EngineError: The pipeline is closed, a frame that was begun is not finished, or CUDA
                or the runtime failed.
        """
        self._check(under_way=0)
        with self._gpu.current():
            job = self.cameras.fill(frame, Outputs(color=False))
            return logits_of(self._parts, job), job.camera.fit

    def warm_up(self, height: int, width: int, outputs: Outputs | None = None) -> None:
        """Segment grey images, so that the first real one finds everything in place.

        Args:
            height: Pixels of the camera images to come.
            width: Pixels of the camera images to come.
            outputs: What will be made of them; colour alone where None.

        Raises:
            EngineError: As `segment`.
        """
        self._check(under_way=0)
        frame = self.cameras.grey(height, width)
        # In each slot a frame is enqueued plainly, and the next one captured.
        for _ in range(2 * SLOTS):
            self._begin(frame, outputs or Outputs(), None)
            self.finish()

    def _begin(self, frame: Frame, outputs: Outputs, into: Buffers | None) -> None:
        with self._gpu.current():
            job = self.cameras.fill(frame, outputs, into)
            execute(self._parts, [job], self._family.settle)
        job.camera.begun()
        self.under_way.append(job)

    def _check(self, under_way: int) -> None:
        if not self._is_open:
            raise EngineError(
                received="a frame for a closed pipeline",
                expected="an open one",
                fix="call it inside its `with` block, or load it again",
            )
        check_under_way(len(self.under_way), under_way)

    def close(self) -> None:
        """Free everything, after what is under way; closing twice does nothing."""
        if self._is_open:
            self._family.close()

    def shut(self) -> None:
        """Take no frames any more, and forget those that are under way: it is being closed."""
        self._is_open = False
        self.under_way.clear()
