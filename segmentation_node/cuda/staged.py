"""Blocks of memory that main memory and GPU share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation_node.cuda.gpu import Gpu, Stream
from segmentation_node.cuda.owned import Owned


class Staged:
    """A block that both sides reach: pinned main memory and a copy on the GPU.

    Where it is mapped there is no copy: kernels read and write the main memory itself.

    Args:
        gpu: The GPU; its context is current.
        size: Bytes.
        mapped: Whether to do without the copy.

    Raises:
        EngineError: CUDA refuses.
    """

    def __init__(self, gpu: Gpu, size: int, mapped: bool = False) -> None:
        self._gpu = gpu
        with Owned() as owned:
            self._host = owned.keep(gpu.allocate_host(size, mapped))
            self._memory = None if mapped else owned.keep(gpu.allocate(size))
            self._owned = owned.pop_all()

    @property
    def array(self) -> NDArray[np.uint8]:
        """(bytes,) uint8: the main memory."""
        return self._host.array

    @property
    def address(self) -> int:
        """Where kernels find it."""
        return int(self._host if self._memory is None else self._memory)

    def to_gpu(self, stream: Stream) -> None:
        """Bring the main memory's content to the GPU, in the order of a stream."""
        if self._memory is not None:
            self._gpu.copy_in(self._host, self._memory, stream)

    def to_host(self, stream: Stream) -> None:
        """Bring the GPU's content to the main memory, in the order of a stream."""
        if self._memory is not None:
            self._gpu.copy_out(self._memory, self._host, stream)

    def free(self) -> None:
        """Give both back; freeing twice does nothing."""
        self._owned.close()
