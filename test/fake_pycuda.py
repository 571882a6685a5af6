"""PyCUDA's part played by a recorder: the calls that the package makes, in their order."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest


class FakeError(Exception):
    """pycuda.driver.Error, the root of what PyCUDA raises for a bad result."""


class FakeCuda:
    """Stands in for pycuda.driver. `refuses` names calls that fail."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refuses: set[str] = set()
        self.programs: list[bytes] = []

    def note(self, name: str, *arguments: Any) -> None:
        if name in self.refuses:
            raise FakeError(f"{name} failed: an illegal memory access was encountered")
        self.calls.append((name, *arguments))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        driver = types.ModuleType("pycuda.driver")
        names = ("Context", "mem_alloc", "memcpy_htod", "module_from_buffer", "get_driver_version")
        for name in names:
            setattr(driver, name, getattr(self, name, None) or self)
        driver.Error = FakeError  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "pycuda", types.ModuleType("pycuda"))
        patch.setitem(sys.modules, "pycuda.driver", driver)

    def get_device(self) -> FakeCuda:
        self.note("get_device")
        return self

    def compute_capability(self) -> tuple[int, int]:
        return 8, 7

    def get_driver_version(self) -> int:
        return 12060

    def mem_alloc(self, size: int) -> FakeMemory:
        self.note("mem_alloc", size)
        return FakeMemory(self, 4096 * len(self.calls))

    def memcpy_htod(self, memory: FakeMemory, array: Any) -> None:
        self.note("memcpy_htod", int(memory), array.nbytes)

    def module_from_buffer(self, program: bytes) -> FakeModule:
        self.note("module_from_buffer")
        self.programs.append(program)
        return FakeModule(self)


class FakeMemory:
    def __init__(self, cuda: FakeCuda, address: int) -> None:
        self._cuda, self._address = cuda, address

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        self._cuda.note("free", self._address)


class FakeModule:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda

    def get_function(self, symbol: str) -> FakeFunction:
        self._cuda.note("get_function", symbol)
        return FakeFunction(self._cuda, symbol)


class FakeFunction:
    def __init__(self, cuda: FakeCuda, symbol: str) -> None:
        self._cuda, self._symbol, self._format = cuda, symbol, ""

    def prepare(self, types: list[str]) -> None:
        self._format = "".join(types)

    def prepared_async_call(self, grid: Any, block: Any, stream: Any, *arguments: bytes) -> None:
        assert self._format == f"{len(arguments[0])}s"
        self._cuda.note("launch", self._symbol, grid, block, stream, arguments[0])
