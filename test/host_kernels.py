"""CUDA's part played by the processor: the kernels' own source, compiled as plain C++.

`HostDriver` is a driver to the launchers. A launch runs the kernel for every block and thread,
one after the other; an address is one in main memory.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.cuda.compile import KERNELS
from segmentation_node.cuda.driver import Block, Grid, Kernel, KernelSource, Memory

SOURCE = Path(__file__).with_name("cuda") / "host.cpp"
# core/ rounds after each multiplication, and so does the GPU with -fmad=false.
OPTIONS = ("-std=c++17", "-O1", "-ffp-contract=off")


def find_compiler() -> str | None:
    return next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)


def build(compiler: str, folder: Path) -> ctypes.CDLL:
    library = folder / "kernels.so"
    command = [compiler, *OPTIONS, "-shared", "-fPIC", f"-I{KERNELS}", str(SOURCE)]
    done = subprocess.run(
        [*command, "-o", str(library)], capture_output=True, text=True, check=False, timeout=250
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The kernels, compiled for the processor; for the conftest.py of those who need them."""
    compiler = find_compiler()
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    return build(compiler, tmp_path_factory.mktemp("kernels"))


class HostMemory:
    def __init__(self, array: NDArray[Any]) -> None:
        self.array = np.ascontiguousarray(array).copy()
        self.is_freed = False

    def __int__(self) -> int:
        return self.array.ctypes.data

    def free(self) -> None:
        self.is_freed = True


class HostDriver:
    """Runs kernels; `grid` replaces the launcher's where it is set."""

    def __init__(self, library: ctypes.CDLL, grid: Grid | None = None) -> None:
        self.library = library
        self.grid = grid
        self.memories: list[HostMemory] = []

    def kernel(self, source: KernelSource) -> Kernel:
        function = getattr(self.library, source.symbol)
        return partial(self._launch, getattr(self.library, f"run_{source.program}"), function)

    def upload(self, array: NDArray[Any]) -> Memory:
        self.memories.append(HostMemory(array))
        return self.memories[-1]

    def _launch(
        self, run: Any, function: Any, grid: Grid, block: Block, stream: Any, arguments: bytes
    ) -> None:
        run(function, arguments, *map(ctypes.c_uint, (*(self.grid or grid), *block[:2])))


GUARD = 64
"""Bytes before and after an output that no kernel may touch."""


class Output:
    """Memory for a result at an address of choice, between guards."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, shift: int = 0) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._size = int(np.prod(shape)) * self._dtype.itemsize
        self._bytes = np.full(self._size + 3 * GUARD, 0xA5, np.uint8)
        # Results begin at a multiple of 64 bytes, plus the shift.
        self._start = GUARD - self._bytes.ctypes.data % GUARD + shift
        self.address = self._bytes.ctypes.data + self._start

    @property
    def array(self) -> NDArray[Any]:
        stop = self._start + self._size
        assert (self._bytes[: self._start] == 0xA5).all(), "written before the output"
        assert (self._bytes[stop:] == 0xA5).all(), "written after the output"
        return self._bytes[self._start : stop].copy().view(self._dtype).reshape(self._shape)
