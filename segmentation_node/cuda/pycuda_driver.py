"""CUDA by PyCUDA, as launchers use it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.cuda.compile import compiled
from segmentation_node.cuda.driver import Block, Grid, Kernel, KernelSource, Memory
from segmentation_node.errors import EngineError


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
        self._cuda = _pycuda()
        self._folder = folder
        self._modules: dict[tuple[str, str], Any] = {}
        device = self._checked("looking for the GPU", self._cuda.Context.get_device)
        major, minor = self._checked("looking for the GPU", device.compute_capability)
        self._architecture = 10 * major + minor
        version = self._checked("looking for the driver", self._cuda.get_driver_version)
        self._newest = (version // 1000, version % 1000 // 10)

    def kernel(self, source: KernelSource) -> Kernel:
        """Compile and load a kernel.

        Raises:
            EngineError: It cannot be compiled or loaded.
        """
        task = f"loading the kernel {source.symbol}"
        function = self._checked(task, self._module(source).get_function, source.symbol)
        return partial(self._launch, function, source.symbol)

    def upload(self, array: NDArray[Any]) -> Memory:
        """Copy an array to memory of its own; the caller frees it.

        Raises:
            EngineError: CUDA refuses.
        """
        task = f"copying {array.nbytes} bytes to the GPU"
        memory: Memory = self._checked(task, self._cuda.mem_alloc, array.nbytes)
        self._checked(task, self._cuda.memcpy_htod, memory, np.ascontiguousarray(array))
        return memory

    def _module(self, source: KernelSource) -> Any:
        """The loaded program of a kernel; PyCUDA unloads a program that nobody holds."""
        name = source.program, source.layout
        if name not in self._modules:
            cubin = compiled(source, self._architecture, self._newest, self._folder)
            task = f"loading {source.program}.cu"
            self._modules[name] = self._checked(task, self._cuda.module_from_buffer, cubin)
        return self._modules[name]

    def _launch(
        self,
        function: Any,
        symbol: str,
        grid: Grid,
        block: Block,
        stream: Any,
        arguments: bytes,
    ) -> None:
        # The kernel's one parameter is a struct: to PyCUDA, a string of that many bytes.
        function.prepare([f"{len(arguments)}s"])
        call = function.prepared_async_call
        self._checked(f"launching the kernel {symbol}", call, grid, block, stream, arguments)

    def _checked(self, task: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call CUDA. PyCUDA checks the result of each call and raises `Error` for a bad one."""
        try:
            return call(*arguments)
        except self._cuda.Error as error:
            raise EngineError(
                received=f"{error} while {task}",
                expected="a GPU that answers, in a context that is current on this thread",
                fix="see nvidia-smi and the kernel log for the GPU's state; start again",
            ) from error


def _pycuda() -> Any:
    try:
        return importlib.import_module("pycuda.driver")
    except (ImportError, OSError) as error:
        raise EngineError(
            received=f"no PyCUDA ({error})",
            expected="the package pycuda, and NVIDIA's driver",
            fix="pip install 'segmentation_node[tensorrt]' on a machine with a GPU",
        ) from error
