"""PyCUDA's and cuda-bindings' parts played by a recorder of the calls that the package makes."""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


class FakeError(Exception):
    """pycuda.driver.Error, the root of what PyCUDA raises for a bad result."""


class CUresult(enum.IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_ILLEGAL_ADDRESS = 700


class FakeCuda:
    """Stands in for pycuda.driver and cuda.bindings.driver.

    `refuses` names calls that fail, and `fails_at` the number of one; `alive` is what was made and
    not given back.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refuses: set[str] = set()
        self.fails_at: int | None = None
        self.programs: list[bytes] = []
        self.alive: set[tuple[str, int]] = set()
        self.contexts: list[FakeContext] = []
        self.capturing = False
        self.integrated, self.capability = 0, (8, 7)
        self._count = self._made = 0

    def note(self, name: str, *arguments: Any) -> None:
        self._count += 1
        if name in self.refuses or self._count == self.fails_at:
            raise FakeError(f"{name} failed: an illegal memory access was encountered")
        self.calls.append((name, *arguments))

    def note_in_context(self, name: str, *arguments: Any) -> None:
        assert self.contexts, f"{name} without a context"
        self.note(name, *arguments)

    def make(self, kind: str) -> int:
        self._made += 1
        self.alive.add((kind, 4096 * self._made))
        return 4096 * self._made

    def give_back(self, kind: str, handle: int) -> None:
        self.alive.remove((kind, handle))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        driver = types.ModuleType("pycuda.driver")
        for name in (
            *("init", "Device", "mem_alloc", "memcpy_htod", "memcpy_htod_async", "mem_get_info"),
            *("memcpy_dtoh_async", "module_from_buffer", "get_driver_version"),
            *("pagelocked_empty", "Stream", "Event"),
        ):
            setattr(driver, name, getattr(self, name))
        driver.Context = self  # type: ignore[attr-defined]
        driver.device_attribute = types.SimpleNamespace(INTEGRATED="integrated")  # type: ignore[attr-defined]
        driver.host_alloc_flags = types.SimpleNamespace(DEVICEMAP=2)  # type: ignore[attr-defined]
        driver.Error = FakeError  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "pycuda", types.ModuleType("pycuda"))
        patch.setitem(sys.modules, "pycuda.driver", driver)
        patch.setitem(sys.modules, "cuda.bindings.driver", FakeBindings(self))  # type: ignore[arg-type]

    def init(self) -> None:
        self.note("init")

    def Device(self, ordinal: int) -> FakeCuda:
        self.note("Device", ordinal)
        return self

    def retain_primary_context(self) -> FakeContext:
        self.note("retain_primary_context")
        return FakeContext(self)

    def pop(self) -> None:
        self.note_in_context("pop")
        self.contexts.pop()

    def get_device(self) -> FakeCuda:
        self.note("get_device")
        return self

    def compute_capability(self) -> tuple[int, int]:
        return self.capability

    def get_attribute(self, attribute: str) -> int:
        self.note("get_attribute", attribute)
        return {"integrated": self.integrated}[attribute]

    def get_driver_version(self) -> int:
        return 12060

    def mem_get_info(self) -> tuple[int, int]:
        return 3000, 10_000

    def mem_alloc(self, size: int) -> FakeMemory:
        self.note("mem_alloc", size)
        return FakeMemory(self, "memory")

    def memcpy_htod(self, address: int, array: Any) -> None:
        self.note("memcpy_htod", address, array.nbytes)

    def memcpy_htod_async(self, address: int, array: Any, stream: Any) -> None:
        self.note_in_context("memcpy_htod_async", address, array.nbytes, stream.handle)

    def memcpy_dtoh_async(self, array: Any, address: int, stream: Any) -> None:
        self.note_in_context("memcpy_dtoh_async", address, array.nbytes, stream.handle)

    def pagelocked_empty(self, shape: tuple[int], dtype: Any, order: str, flags: int) -> Any:
        self.note_in_context("pagelocked_empty", shape, flags)
        return np.asarray(FakeMemory(self, "pinned", shape))

    def Stream(self, flags: int) -> FakeStream:
        self.note_in_context("Stream", flags)
        return FakeStream(self)

    def Event(self) -> FakeDefaultEvent:
        return FakeDefaultEvent(self)

    def module_from_buffer(self, program: bytes) -> FakeModule:
        self.note("module_from_buffer")
        self.programs.append(program)
        return FakeModule(self)


class FakeContext:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda, self._handle = cuda, cuda.make("context")

    def push(self) -> None:
        self._cuda.note("push")
        self._cuda.contexts.append(self)

    def detach(self) -> None:
        self._cuda.note("detach")
        assert self._cuda.contexts.pop() is self
        self._cuda.give_back("context", self._handle)


class FakeMemory:
    """Memory of the GPU, or pinned memory, to which NumPy's array is a view."""

    def __init__(self, cuda: FakeCuda, kind: str, shape: tuple[int, ...] = (1,)) -> None:
        self._cuda, self._kind, self._address = cuda, kind, cuda.make(kind)
        self._array = np.zeros(shape, np.uint8)
        self.__array_interface__ = self._array.__array_interface__

    def __int__(self) -> int:
        return self._address

    def get_device_pointer(self) -> int:
        self._cuda.note_in_context("get_device_pointer")
        return self._address

    def free(self) -> None:
        self._cuda.give_back(self._kind, self._address)
        self._cuda.note("free", self._address)


class FakeStream:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda, self.handle = cuda, cuda.make("stream")

    def synchronize(self) -> None:
        self._cuda.note_in_context("synchronize", self.handle)

    def is_done(self) -> bool:
        self._cuda.note_in_context("is_done", self.handle)
        return False

    def __del__(self) -> None:
        assert self._cuda.contexts, "a stream was destroyed without a context"
        self._cuda.give_back("stream", self.handle)


class FakeDefaultEvent:
    """An event in the default stream, for which copies are waited."""

    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda

    def record(self) -> None:
        self._cuda.note("record")

    def synchronize(self) -> None:
        self._cuda.note("wait for the copy")


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


class FakeBindings(types.ModuleType):
    """Stands in for cuda.bindings.driver: a status comes first, and is never raised."""

    CUstreamCaptureMode = types.SimpleNamespace(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL=1)
    capture_mode = 0
    CUevent_record_flags = types.SimpleNamespace(
        CU_EVENT_RECORD_DEFAULT=0, CU_EVENT_RECORD_EXTERNAL=1
    )

    def __init__(self, cuda: FakeCuda) -> None:
        super().__init__("cuda.bindings.driver")
        self._cuda = cuda

    def _answer(self, name: str, arguments: Any, make: Callable[[], Any] | None = None) -> Any:
        try:
            self._cuda.note_in_context(name, *arguments)
        except FakeError:
            return CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, None
        return (CUresult.CUDA_SUCCESS,) if make is None else (CUresult.CUDA_SUCCESS, make())

    def cuThreadExchangeStreamCaptureMode(self, mode: int) -> Any:
        def exchange() -> int:
            before, self.capture_mode = self.capture_mode, mode
            return before

        return self._answer("cuThreadExchangeStreamCaptureMode", (mode,), exchange)

    def cuCtxPopCurrent(self) -> Any:
        return self._answer("cuCtxPopCurrent", (), lambda: 0)

    def cuEventCreate(self, flags: int) -> Any:
        return self._answer("cuEventCreate", (flags,), lambda: self._cuda.make("event"))

    def cuEventDestroy(self, event: int) -> Any:
        self._cuda.give_back("event", event)
        return self._answer("cuEventDestroy", (event,))

    def cuEventRecordWithFlags(self, event: int, stream: int, flags: int) -> Any:
        assert flags == int(self._cuda.capturing)
        return self._answer("cuEventRecordWithFlags", (event, stream, flags))

    def cuStreamWaitEvent(self, stream: int, event: int, flags: int) -> Any:
        assert not self._cuda.capturing, "a graph that waits for others"
        return self._answer("cuStreamWaitEvent", (stream, event, flags))

    def cuEventElapsedTime(self, start: int, end: int) -> Any:
        return self._answer("cuEventElapsedTime", (start, end), lambda: 0.25)

    def cuStreamBeginCapture(self, stream: int, mode: int) -> Any:
        found = self._answer("cuStreamBeginCapture", (stream, mode))
        self._cuda.capturing = found[0] == CUresult.CUDA_SUCCESS
        return found

    def cuStreamEndCapture(self, stream: int) -> Any:
        assert self._cuda.capturing, "no capture to end"
        self._cuda.capturing = False
        return self._answer("cuStreamEndCapture", (stream,), lambda: self._cuda.make("graph"))

    def cuGraphInstantiate(self, graph: int, flags: int) -> Any:
        make = self._cuda.make
        return self._answer("cuGraphInstantiate", (graph, flags), lambda: make("executable"))

    def cuGraphDestroy(self, graph: int) -> Any:
        self._cuda.give_back("graph", graph)
        return self._answer("cuGraphDestroy", (graph,))

    def cuGraphLaunch(self, executable: int, stream: int) -> Any:
        return self._answer("cuGraphLaunch", (executable, stream))

    def cuGraphExecDestroy(self, executable: int) -> Any:
        self._cuda.give_back("executable", executable)
        return self._answer("cuGraphExecDestroy", (executable,))
