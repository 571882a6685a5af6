"""A GPU as a pipeline uses it: PyCUDA, and the driver API for events and graphs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from segmentation_node.cuda.context import PrimaryContext
from segmentation_node.cuda.driver import Kernel, KernelSource, Memory
from segmentation_node.cuda.driver_api import DriverApi
from segmentation_node.cuda.event import ApiEvent
from segmentation_node.cuda.gpu import HostMemory, Stream
from segmentation_node.cuda.graph import CapturedGraph
from segmentation_node.cuda.memory import PinnedMemory
from segmentation_node.cuda.pycuda_calls import PyCuda
from segmentation_node.cuda.pycuda_driver import PyCudaDriver
from segmentation_node.cuda.stream import PyCudaStream


class PyCudaGpu:
    """One GPU; see `Gpu` for what its methods do.

    Args:
        ordinal: Number of the GPU, among those that CUDA_VISIBLE_DEVICES leaves.
        folder: Where compiled kernels are kept; in the user's cache where None.

    Raises:
        EngineError: PyCUDA, cuda-bindings or NVIDIA's driver is missing, or there is no such GPU.
    """

    def __init__(self, ordinal: int = 0, folder: Path | None = None) -> None:
        self._pycuda = PyCuda()
        self._api = DriverApi()
        self._context = PrimaryContext(self._pycuda, self._api, ordinal)
        try:
            with self._context.current():
                self._driver: PyCudaDriver | None = PyCudaDriver(folder)
        except BaseException:
            self._context.close()
            raise

    @property
    def shares_memory(self) -> bool:
        """Whether it reads and writes main memory without a bus between them."""
        return self._context.shares_memory

    def current(self) -> AbstractContextManager[None]:
        """Make the GPU's context current on this thread while a block runs."""
        return self._context.current()

    def kernel(self, source: KernelSource) -> Kernel:
        """Compile and load a kernel."""
        return self._open_driver.kernel(source)

    def upload(self, array: NDArray[Any]) -> Memory:
        """Copy an array to memory of its own; the caller frees it."""
        return self._open_driver.upload(array)

    def allocate(self, size: int) -> Memory:
        """Memory of the GPU; the caller frees it."""
        return self._open_driver.allocate(size)

    def allocate_host(self, size: int, mapped: bool = False) -> PinnedMemory:
        """Main memory that stays where it is; the caller frees it."""
        return PinnedMemory(self._pycuda, size, mapped)

    def copy_in(self, host: HostMemory, memory: Memory, stream: Stream) -> None:
        """Copy all of `host` to the GPU, in the order of a stream."""
        copy = self._pycuda.module.memcpy_htod_async
        task = f"copying {host.array.nbytes} bytes to the GPU"
        self._pycuda.call(task, copy, int(memory), host.array, stream.native)

    def copy_out(self, memory: Memory, host: HostMemory, stream: Stream) -> None:
        """Fill `host` from the GPU, in the order of a stream."""
        copy = self._pycuda.module.memcpy_dtoh_async
        task = f"copying {host.array.nbytes} bytes from the GPU"
        self._pycuda.call(task, copy, host.array, int(memory), stream.native)

    def stream(self) -> PyCudaStream:
        """A new stream; the caller frees it."""
        return PyCudaStream(self._pycuda)

    def event(self) -> ApiEvent:
        """A new event; the caller frees it."""
        return ApiEvent(self._api)

    def capture(self, stream: Stream, enqueue: Callable[[], None]) -> CapturedGraph:
        """Take what `enqueue` puts into a stream for a graph; nothing of it runs."""
        return CapturedGraph(self._api, stream, enqueue)

    def memory_used(self) -> int:
        """Bytes of the GPU's memory that are in use, by all programs together."""
        task = "asking for the GPU's free memory"
        free, total = self._pycuda.call(task, self._pycuda.module.mem_get_info)
        return int(total - free)

    def close(self) -> None:
        """Let go of the GPU, after all that was made on it was freed; closing twice is safe."""
        if self._driver is None:
            return
        try:
            with self._context.current():
                # Loaded programs go with it, which CUDA unloads in their own context.
                self._driver = None
        finally:
            self._context.close()

    @property
    def _open_driver(self) -> PyCudaDriver:
        if self._driver is None:
            raise RuntimeError("a GPU was used after it was closed")
        return self._driver
