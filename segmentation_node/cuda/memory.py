"""Memory of the GPU, and main memory that it reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.pycuda_calls import PyCuda


class DeviceMemory:
    """Memory of the GPU.

    Args:
        pycuda: PyCUDA; a context is current.
        size: Bytes.

    Raises:
        EngineError: CUDA refuses.
    """

    def __init__(self, pycuda: PyCuda, size: int) -> None:
        self._pycuda = pycuda
        task = f"allocating {size} bytes on the GPU"
        self._allocation: Any = pycuda.call(task, pycuda.module.mem_alloc, size)
        self._address = int(self._allocation)

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        """Give it back; freeing twice does nothing."""
        allocation, self._allocation = self._allocation, None
        if allocation is not None:
            self._pycuda.call("freeing memory of the GPU", allocation.free)


class PinnedMemory:
    """Main memory that the operating system leaves where it is.

    Args:
        pycuda: PyCUDA; a context is current.
        size: Bytes.
        mapped: Whether kernels are to read and write it in place.

    Raises:
        EngineError: CUDA refuses.
    """

    def __init__(self, pycuda: PyCuda, size: int, mapped: bool = False) -> None:
        self._pycuda = pycuda
        module = pycuda.module
        flags = module.host_alloc_flags.DEVICEMAP if mapped else 0
        task = f"pinning {size} bytes of main memory"
        array = pycuda.call(task, module.pagelocked_empty, (size,), np.uint8, "C", flags)
        self._array: NDArray[np.uint8] | None = array
        self._allocation: Any = array.base
        self._address = 0
        if mapped:
            with Owned() as undo:
                undo.keep(self)
                self._address = pycuda.call(task, self._allocation.get_device_pointer)
                undo.pop_all()

    @property
    def array(self) -> NDArray[np.uint8]:
        """(bytes,) uint8: the memory, until it is freed."""
        if self._array is None:
            raise RuntimeError("pinned memory was used after it was freed")
        return self._array

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        """Give it back; freeing twice does nothing."""
        allocation, self._allocation, self._array = self._allocation, None, None
        if allocation is not None:
            self._pycuda.call("freeing pinned main memory", allocation.free)
