"""The kinds of images that a pipeline on a GPU keeps ready."""

from __future__ import annotations

import time
from collections.abc import Collection

from segmentation_node.core.frame import Frame
from segmentation_node.core.window import Window
from segmentation_node.cuda.owned import Owned
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.gpu_camera import GpuCamera, GpuKind, kind_of
from segmentation_node.pipeline.gpu_job import UnderWay
from segmentation_node.pipeline.gpu_parts import GpuParts
from segmentation_node.pipeline.gpu_run import GpuRun
from segmentation_node.pipeline.kinds import LatestKinds, grey_frame


class GpuCameras:
    """What is kept for the latest kinds of images.

    Args:
        parts: What they share.
        under_way: The pipeline's frames that were begun and not finished, SLOTS at most.
    """

    def __init__(self, parts: GpuParts, under_way: Collection[UnderWay]) -> None:
        self._parts = parts
        self._under_way = under_way
        self._kept: LatestKinds[GpuKind, GpuCamera] = LatestKinds(GpuCamera.free, self._is_idle)
        self.latest: GpuCamera | None = None
        """That of the latest frame; None before the first."""

    def _is_idle(self, camera: GpuCamera) -> bool:
        # Frames that fail may be of many kinds, while one that was begun before them is under way.
        return all(job.camera is not camera for job in self._under_way)

    def of(self, frame: Frame) -> GpuCamera:
        """What is kept for images like a frame, made anew where it is not among the latest kinds.

        Raises:
            FrameError: The frame cannot be read, or does not hold the region that is to be seen.
            EngineError: CUDA refuses.
        """
        kind = kind_of(frame)
        if self.latest is None or self.latest.kind != kind:
            self.latest = self._kept.of(kind, lambda kind: GpuCamera(self._parts, kind))
        return self.latest

    def fill(
        self,
        frame: Frame,
        outputs: Outputs,
        into: Buffers | None = None,
        run: GpuRun | None = None,
        begun_s: float | None = None,
    ) -> UnderWay:
        """Bring a frame to where the GPU copies it from; its run is free.

        Args:
            frame: The camera image, in any encoding.
            outputs: What to make besides the labels.
            into: Memory that its results go to; new memory where None.
            run: The execution that it is to be in; one of its own where None.
            begun_s: When that began, seconds on the performance counter; None for now.

        Raises:
            FrameError: The frame cannot be read, or does not hold the region that is to be seen.
            OutputError: `into` does not fit the frame and the outputs.
            EngineError: CUDA refuses.
        """
        begun_s = time.perf_counter() if begun_s is None else begun_s
        camera = self.of(frame)
        if into is not None:
            into.check(*camera.size, outputs)
        run = run or camera.next_run
        slot = camera.slot_in(run)
        camera.fill(frame, slot)
        image = frame.stamp_ns, frame.frame_id, outputs, into, camera
        return UnderWay(*image, slot, run, begun_s, time.perf_counter())

    def window(self, height: int, width: int) -> Window:
        """How results lie on camera images of a size; see `CudaPipeline.window`."""
        latest, parts = self.latest, self._parts
        if latest is not None and latest.kind[:2] == (height, width):
            return latest.window
        return parts.view.window(parts.model.input.fit, height, width, parts.network_size)

    def grey(self, height: int, width: int) -> Frame:
        """A grey image to warm up with, as large as those to come and as the region to be seen."""
        return grey_frame(self._parts.view, height, width)

    def free(self) -> None:
        """Give everything back, once nothing is under way; freeing twice does nothing."""
        self.latest = None
        with Owned() as owned:
            for camera in self._kept.take_all():
                owned.keep(camera)
