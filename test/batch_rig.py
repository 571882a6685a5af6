"""Three cameras whose frames go together, beside the same ones that are computed alone."""

from __future__ import annotations

import ctypes
from typing import Any

import cv2
import numpy as np
from host_engine import HostEngine
from host_gpu import HostGpu

from segmentation_node.core.frame import Frame
from segmentation_node.model import Model
from segmentation_node.pipeline import CudaPipeline, Outputs, Segmentation, View
from segmentation_node.pipeline.gpu_family import Together

ALL = Outputs(color=True, overlay=True, confidence=True, alpha=0.3)
SIZES = ((20, 24), (16, 30), (25, 18))
VIEWS = (None, View.parse("2,2,12,12"), View.parse(output_size="network"))


def frame_of(number: int, camera: int) -> Frame:
    """Frames of cameras of different sizes."""
    small = np.random.default_rng(10 * number + camera).integers(0, 256, (4, 5, 3))
    height, width = SIZES[camera]
    return Frame.from_array(
        np.asarray(cv2.resize(small.astype(np.uint8), (width, height)), np.uint8)
    )


class Rig:
    """Three cameras on an engine of three images, and one camera alone on an engine of one."""

    def __init__(self, library: ctypes.CDLL, model: Model, **options: Any) -> None:
        self.gpu = HostGpu(library)
        self.engine = HostEngine(self.gpu, model, batch=3)
        first = CudaPipeline(model, self.engine, gpu=self.gpu, **options)
        self.cameras = [first, *map(first.beside, VIEWS[1:])]
        alone = HostGpu(library)
        single = CudaPipeline(model, HostEngine(alone, model), gpu=alone, graphs=False)
        self.alone = [single, *map(single.beside, VIEWS[1:])]

    def begin(self, number: int, *cameras: int, outputs: Outputs = ALL) -> list[Exception | None]:
        frames = [Together(self.cameras[c], frame_of(number, c), outputs) for c in cameras]
        return self.cameras[0].begin_together(frames)

    def check(self, number: int, camera: int, outputs: Outputs = ALL) -> Segmentation:
        """Finish a camera's frame: it must be what the camera gets alone."""
        found = self.cameras[camera].finish()
        wanted = self.alone[camera].segment(frame_of(number, camera), outputs)
        for name in ("labels", "color", "overlay", "confidence"):
            one, other = getattr(found, name), getattr(wanted, name)
            assert (one is None) == (other is None)
            assert one is None or (one == other).all()
        return found

    def round(self, number: int, *cameras: int) -> None:
        assert self.begin(number, *cameras) == [None] * len(cameras)
        for camera in cameras:
            self.check(number, camera)

    def close(self) -> None:
        for pipeline in (self.cameras[0], self.alone[0]):
            pipeline.close()
        assert self.gpu.left == []
        assert self.engine.closed == 1
