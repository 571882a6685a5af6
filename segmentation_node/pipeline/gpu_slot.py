"""The memory of one frame on its way through the GPU, its stream and its graphs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

from segmentation_node.cuda.driver import Memory
from segmentation_node.cuda.gpu import Gpu
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.postprocess import Results
from segmentation_node.cuda.staged import Staged
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Outputs
from segmentation_node.pipeline.gpu_graphs import FrameGraphs, GraphUse


class Mark(IntEnum):
    """The points of a frame between which the GPU's time is taken."""

    BEGUN = 0
    COPIED_IN = 1
    PREPARED = 2
    INFERRED = 3
    DECIDED = 4
    COPIED_OUT = 5


GPU_STAGES = {
    "copy_in": (Mark.BEGUN, Mark.COPIED_IN),
    "preprocess": (Mark.COPIED_IN, Mark.PREPARED),
    "inference": (Mark.PREPARED, Mark.INFERRED),
    "postprocess": (Mark.INFERRED, Mark.DECIDED),
    "copy_out": (Mark.DECIDED, Mark.COPIED_OUT),
    "frame": (Mark.BEGUN, Mark.COPIED_OUT),
}
"""What is timed by events."""


@dataclass(frozen=True)
class SlotSizes:
    """How much memory a frame takes.

    Args:
        image: Bytes of the camera image.
        input: Bytes of the network's input.
        logits: Bytes of the network's output.
        picture: Bytes of the picture under an overlay, where that is not the camera image.
        pixels: Pixels of the result.
    """

    image: int
    input: int
    logits: int
    picture: int
    pixels: int

    def of_result(self, name: str) -> int:
        """Bytes of one of the results."""
        return self.pixels * (3 if name in {"color", "overlay"} else 1)


def names_of(outputs: Outputs) -> tuple[str, ...]:
    """The results that are made, the labels first."""
    wanted = (name for name in ("color", "overlay", "confidence") if getattr(outputs, name))
    return ("labels", *wanted)


class GpuSlot:
    """What one frame needs, allocated once.

    Args:
        gpu: The GPU; its context is current.
        sizes: How much memory a frame takes.
        mapped: Whether kernels read the image and write the results in main memory.
        use: Whether graphs are wanted; shared by all slots of a pipeline.

    Raises:
        EngineError: CUDA refuses; what was made is freed.
    """

    def __init__(self, gpu: Gpu, sizes: SlotSizes, mapped: bool, use: GraphUse) -> None:
        self._gpu, self._sizes, self._mapped = gpu, sizes, mapped
        with Owned() as owned:
            self.image = owned.keep(Staged(gpu, sizes.image, mapped))
            self.input = owned.keep(gpu.allocate(sizes.input))
            # Read once for each pixel around: always a copy on the GPU.
            self.logits = owned.keep(Staged(gpu, sizes.logits))
            self.stream = owned.keep(gpu.stream())
            self._marks = [owned.keep(gpu.event()) for _ in Mark]
            self.graphs = owned.keep(FrameGraphs(gpu, self.stream, use, self._prove))
            self._owned = owned.pop_all()
        self._results: dict[str, Staged] = {}
        self._picture: Memory | None = None

    def prepare(self, outputs: Outputs) -> None:
        """Make the memory of results that are wanted for the first time.

        Raises:
            EngineError: CUDA refuses.
        """
        if outputs.overlay and self._sizes.picture and self._picture is None:
            self._picture = self._owned.keep(self._gpu.allocate(self._sizes.picture))
        for name in names_of(outputs):
            if name not in self._results:
                size = self._sizes.of_result(name)
                staged = Staged(self._gpu, size, self._mapped)
                self._results[name] = self._owned.keep(staged)

    @property
    def picture(self) -> int:
        """Address of the memory for the picture under an overlay; 0 where there is none."""
        return 0 if self._picture is None else int(self._picture)

    def results(self, outputs: Outputs) -> Mapping[str, Staged]:
        """The results that are wanted, by name."""
        return {name: self._results[name] for name in names_of(outputs)}

    def addresses(self, outputs: Outputs) -> Results:
        """Where the kernel writes them."""
        return Results(**{name: one.address for name, one in self.results(outputs).items()})

    def follow(self, other: GpuSlot) -> None:
        """Let what comes next here wait until another slot's inference is done."""
        other._marks[Mark.INFERRED].hold(self.stream)

    def mark(self, mark: Mark) -> None:
        """Take the GPU's time at this point of the stream."""
        self._marks[mark].record(self.stream)

    def stages_ms(self) -> dict[str, float]:
        """Milliseconds of each of GPU_STAGES for the frame that is done."""
        return {
            stage: self._marks[last].ms_since(self._marks[first])
            for stage, (first, last) in GPU_STAGES.items()
        }

    @property
    def is_done(self) -> bool:
        """Whether the frame is done, without waiting.

        Raises:
            EngineError: It failed.
        """
        return self.stream.is_done

    def wait(self) -> None:
        """Wait until the frame is done.

        Raises:
            EngineError: It failed.
        """
        try:
            self.stream.synchronize()
        except EngineError:
            # Nothing of it may meet the slot's next frame.
            self.settle()
            raise

    def _prove(self) -> None:
        self.wait()
        self.stages_ms()

    def settle(self) -> None:
        """Wait until nothing is under way, whatever became of it."""
        # A failure here is one of work that is given up; whoever goes on meets it again.
        with suppress(EngineError):
            self.stream.synchronize()

    def free(self) -> None:
        """Give everything back, once nothing is under way; freeing twice does nothing."""
        self.settle()
        self._owned.close()
