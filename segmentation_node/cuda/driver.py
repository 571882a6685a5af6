"""What launchers ask of CUDA; a small protocol, so that they are tested without a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from segmentation_node.errors import EngineError

PRECISIONS = ("fp32", "fp16")
"""Types of the network's input and output that the kernels write and read."""

Grid = tuple[int, int]
Block = tuple[int, int, int]

BLOCK: Block = (32, 8, 1)
"""Threads: a warp makes 128 neighbouring pixels of one row, and stores them side by side."""

_PIXELS_PER_THREAD = 4
_MOST_BLOCKS = 65535
"""Along y, of every GPU (CUDA programming guide, compute capabilities)."""


@dataclass(frozen=True)
class KernelSource:
    """One kernel: where it stands and what it is compiled for.

    Args:
        program: `preprocess` or `postprocess`: its file in kernels/.
        layout: The struct of kernels/pixels.cuh that reads the camera's pixels.
        precision: Type of the network's values, one of PRECISIONS.

    Raises:
        EngineError: The network's values are of another type.
    """

    program: str
    layout: str
    precision: str

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise EngineError(
                received=f"a network whose input or output is {self.precision}",
                expected=" or ".join(PRECISIONS),
                fix="export it with float32 or float16 inputs and outputs",
            )

    @property
    def symbol(self) -> str:
        """The kernel's name in the compiled program."""
        return f"{self.program}_{self.layout}_{self.precision}"


class Memory(Protocol):
    """Memory of the GPU."""

    def __int__(self) -> int:
        """Its address."""

    def free(self) -> None:
        """Give it back."""


class Kernel(Protocol):
    """A kernel that is ready to be launched."""

    def __call__(self, grid: Grid, block: Block, stream: Any, arguments: bytes) -> None:
        """Launch it and return at once.

        Args:
            grid: Blocks along x and y.
            block: Threads of a block along x, y and z.
            stream: The stream in whose order it runs.
            arguments: Bytes of its one parameter.

        Raises:
            EngineError: CUDA refuses.
        """


class Driver(Protocol):
    """The part of CUDA that launchers use."""

    def kernel(self, source: KernelSource) -> Kernel:
        """Compile and load a kernel.

        Raises:
            EngineError: It cannot be compiled or loaded.
        """

    def allocate(self, size: int) -> Memory:
        """Memory of the GPU; the caller frees it.

        Args:
            size: Bytes.

        Raises:
            EngineError: CUDA refuses.
        """

    def upload(self, array: NDArray[Any]) -> Memory:
        """Copy an array to memory of its own; the caller frees it.

        Raises:
            EngineError: CUDA refuses.
        """


def grid_for(height: int, width: int) -> Grid:
    """Blocks along x and y for images of a size, in pixels."""
    across, down = BLOCK[0] * _PIXELS_PER_THREAD, BLOCK[1]
    return -(-width // across), min(-(-height // down), _MOST_BLOCKS)
