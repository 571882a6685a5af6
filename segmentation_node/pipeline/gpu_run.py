"""One execution of the engine on the GPU: a stream, its events and graphs, input and logits."""

from __future__ import annotations

from contextlib import suppress
from enum import IntEnum

from segmentation_node.cuda.gpu import Gpu
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.staged import Staged
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.gpu_graphs import FrameGraphs, GraphUse


class Mark(IntEnum):
    """The points of an execution between which the GPU's time is taken."""

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
"""What is timed by events: of all frames of an execution together."""


class GpuRun:
    """What an execution needs besides the memory of its frames, allocated once.

    Args:
        gpu: The GPU; its context is current.
        tensor_bytes: Bytes of the network's input and of its output, for one image.
        use: Whether graphs are wanted; shared by all runs of a pipeline.
        images: How many images it takes at most.

    Raises:
        EngineError: CUDA refuses; what was made is freed.
    """

    def __init__(
        self, gpu: Gpu, tensor_bytes: tuple[int, int], use: GraphUse, images: int = 1
    ) -> None:
        self._input_bytes, self._logits_bytes = tensor_bytes
        self._failure: EngineError | None = None
        with Owned() as owned:
            self._input = owned.keep(gpu.allocate(images * self._input_bytes))
            # Read once for each pixel around: always a copy on the GPU.
            self.logits = owned.keep(Staged(gpu, images * self._logits_bytes))
            self.stream = owned.keep(gpu.stream())
            self._marks = [owned.keep(gpu.event()) for _ in Mark]
            self.graphs = owned.keep(FrameGraphs(gpu, self.stream, use, self._prove, images))
            self._owned = owned.pop_all()

    def input_of(self, index: int) -> int:
        """Where the network reads an image, by its place in the execution: an address."""
        return int(self._input) + index * self._input_bytes

    def logits_of(self, index: int) -> int:
        """Where the network writes an image's logits: an address."""
        return self.logits.address + index * self._logits_bytes

    def follow(self, other: GpuRun) -> None:
        """Let what comes next here wait until another one's inference is done."""
        other._marks[Mark.INFERRED].hold(self.stream)

    def mark(self, mark: Mark) -> None:
        """Take the GPU's time at this point of the stream."""
        self._marks[mark].record(self.stream)

    def stages_ms(self) -> dict[str, float]:
        """Milliseconds of each of GPU_STAGES for the execution that is done."""
        return {
            stage: self._marks[last].ms_since(self._marks[first])
            for stage, (first, last) in GPU_STAGES.items()
        }

    @property
    def is_done(self) -> bool:
        """Whether the execution is done, without waiting.

        Raises:
            EngineError: It failed.
        """
        return self.stream.is_done

    def renew(self) -> None:
        """Forget what became of the execution before."""
        self._failure = None

    def wait(self) -> None:
        """Wait until the execution is done.

        Raises:
            EngineError: It failed; each of its frames is told so.
        """
        if self._failure is not None:
            raise self._failure
        try:
            self.stream.synchronize()
        except EngineError as error:
            self._failure = error
            # Nothing of it may meet the next execution.
            self.settle()
            raise

    def _prove(self) -> None:
        try:
            self.stream.synchronize()
            self.stages_ms()
        except EngineError:
            # The frames are enqueued once more, call by call.
            self.settle()
            raise

    def settle(self) -> None:
        """Wait until nothing is under way, whatever became of it."""
        # A failure here is one of work that is given up; whoever goes on meets it again.
        with suppress(EngineError):
            self.stream.synchronize()

    def free(self) -> None:
        """Give everything back, once nothing is under way; freeing twice does nothing."""
        self.settle()
        self._owned.close()


class Turn:
    """Whose inference comes before the next one: an engine has one set of intermediate results."""

    def __init__(self) -> None:
        self._last: GpuRun | None = None

    def take(self, run: GpuRun) -> None:
        """Let what a run does next wait until the inference before it is done."""
        if self._last is not None:
            run.follow(self._last)

    def begun(self, run: GpuRun) -> None:
        """Whoever comes next follows this run."""
        self._last = run

    def finished(self, run: GpuRun) -> None:
        """Nothing needs to wait for a run any more."""
        if self._last is run:
            self._last = None
