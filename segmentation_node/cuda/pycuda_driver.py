"""CUDA by PyCUDA, as launchers use it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.cuda.compile import compiled
from segmentation_node.cuda.driver import Block, Grid, Kernel, KernelSource, Memory
from segmentation_node.cuda.gpu import Stream
from segmentation_node.cuda.memory import DeviceMemory
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.pycuda_calls import PyCuda


class PyCudaDriver:
    """The GPU whose context is current on this thread; it serves this thread alone.

    Whoever makes the context pushes and pops it, frees what was uploaded before that, and copies
    images and results.

    Args:
        folder: Where compiled kernels are kept; in the user's cache where None.

    Raises:
        EngineError: PyCUDA is missing, or no context is current.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._pycuda = PyCuda()
        module = self._pycuda.module
        self._folder = folder
        self._modules: dict[tuple[str, str], Any] = {}
        device = self._pycuda.call("looking for the GPU", module.Context.get_device)
        major, minor = self._pycuda.call("looking for the GPU", device.compute_capability)
        self._architecture = 10 * major + minor
        version = self._pycuda.call("looking for the driver", module.get_driver_version)
        self._newest = (version // 1000, version % 1000 // 10)

    def kernel(self, source: KernelSource) -> Kernel:
        """Compile and load a kernel.

        Raises:
            EngineError: It cannot be compiled or loaded.
        """
        task = f"loading the kernel {source.symbol}"
        function = self._pycuda.call(task, self._module(source).get_function, source.symbol)
        return partial(self._launch, function, source.symbol)

    def allocate(self, size: int) -> Memory:
        """Memory of the GPU; the caller frees it.

        Raises:
            EngineError: CUDA refuses.
        """
        return DeviceMemory(self._pycuda, size)

    def upload(self, array: NDArray[Any]) -> Memory:
        """Copy an array to memory of its own; the caller frees it.

        Raises:
            EngineError: CUDA refuses.
        """
        task = f"copying {array.nbytes} bytes to the GPU"
        with Owned() as undo:
            memory = undo.keep(self.allocate(array.nbytes))
            copy = self._pycuda.module.memcpy_htod
            self._pycuda.call(task, copy, int(memory), np.ascontiguousarray(array))
            self._wait(task)
            undo.pop_all()
        return memory

    def _wait(self, task: str) -> None:
        # A copy from memory that is not pinned returns while it is under way in the default stream,
        # for which streams that do not block do not wait (CUDA driver API, "API synchronization
        # behavior"). To wait for the whole context would spoil another thread's capture.
        event = self._pycuda.call(task, self._pycuda.module.Event)
        self._pycuda.call(task, event.record)
        self._pycuda.call(task, event.synchronize)

    def _module(self, source: KernelSource) -> Any:
        """The loaded program of a kernel; PyCUDA unloads a program that nobody holds."""
        name = source.program, source.layout
        if name not in self._modules:
            cubin = compiled(source, self._architecture, self._newest, self._folder)
            load = self._pycuda.module.module_from_buffer
            self._modules[name] = self._pycuda.call(f"loading {source.program}.cu", load, cubin)
        return self._modules[name]

    def _launch(
        self,
        function: Any,
        symbol: str,
        grid: Grid,
        block: Block,
        stream: Stream,
        arguments: bytes,
    ) -> None:
        # The kernel's one parameter is a struct: to PyCUDA, a string of that many bytes.
        function.prepare([f"{len(arguments)}s"])
        launch = function.prepared_async_call
        task = f"launching the kernel {symbol}"
        self._pycuda.call(task, launch, grid, block, stream.native, arguments)
