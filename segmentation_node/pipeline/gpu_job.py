"""A frame that is under way on a GPU."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.gpu_camera import GpuCamera
from segmentation_node.pipeline.gpu_slot import GpuSlot


@dataclass(frozen=True, eq=False)
class UnderWay:
    """A frame that was begun: where it is, what is made of it and goes where, when it began."""

    stamp_ns: int
    frame_id: str
    outputs: Outputs
    buffers: Buffers | None
    camera: GpuCamera
    slot: GpuSlot
    begun_s: float
    filled_s: float

    def stages_ms(self, gpu_ms: Mapping[str, float]) -> dict[str, float]:
        """Milliseconds of each stage, the frame being done.

        Inference is what the GPU took for it, and preprocess what comes before it. All the rest
        until now counts as postprocess: waiting, and copying the results, too.

        Args:
            gpu_ms: What the GPU took for each step.
        """
        total = (time.perf_counter() - self.begun_s) * 1e3
        filling = (self.filled_s - self.begun_s) * 1e3
        before = filling + gpu_ms["copy_in"] + gpu_ms["preprocess"]
        # The GPU's clock is not the processor's: without the limit a rest of nothing is below 0.
        rest = max(0.0, total - before - gpu_ms["inference"])
        stages = {"preprocess": before, "inference": gpu_ms["inference"], "postprocess": rest}
        return {**stages, "total": sum(stages.values())}
