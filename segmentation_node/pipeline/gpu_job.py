"""A frame that is under way on a GPU."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.gpu_camera import GpuCamera
from segmentation_node.pipeline.gpu_run import GpuRun
from segmentation_node.pipeline.gpu_slot import GpuSlot


@dataclass(frozen=True, eq=False)
class UnderWay:
    """A frame that is brought to the GPU: where it is, what is made of it and goes where.

    Args:
        stamp_ns: Its stamp, nanoseconds.
        frame_id: Its frame of reference.
        outputs: What is made of it.
        buffers: Where the results go; None for new memory.
        camera: What is kept for images of its kind.
        slot: Where its image and results lie on the GPU.
        run: The execution that it is, or will be, in.
        begun_s: When it began, seconds on the monotonic performance counter.
        filled_s: When its image lay in the slot.
    """

    stamp_ns: int
    frame_id: str
    outputs: Outputs
    buffers: Buffers | None
    camera: GpuCamera
    slot: GpuSlot
    run: GpuRun
    begun_s: float
    filled_s: float

    @property
    def key(self) -> Hashable:
        """What a graph that holds the frame is made for: its memory, and what is made there."""
        # The colours' weight is a constant in the graph, if there is an overlay.
        outputs = self.outputs if self.outputs.overlay else replace(self.outputs, alpha=0.5)
        return self.slot, outputs

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
