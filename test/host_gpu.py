"""A GPU played by the processor: its streams run late, in any order that CUDA would allow.

`HostGpu` is a `Gpu` to the pipeline. What is put into a stream waits there; it runs when somebody
waits for it, and then mixed at random with what other streams may do meanwhile. It refuses what
CUDA refuses (calls without a context, captures that wait), and checks what CUDA does not: nothing
is freed while work on it waits, nothing is used after that, and everything is freed once.
"""

from __future__ import annotations

import ctypes
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from host_kernels import HostDriver
from numpy.typing import NDArray

from segmentation_node.cuda.driver import Block, Grid, Kernel, KernelSource
from segmentation_node.errors import EngineError


@dataclass
class Work:
    """Something in a stream: what it does, the memory that it touches, and when it may run."""

    name: str
    run: Callable[[], None]
    touches: tuple[int, ...] = ()
    may_run: Callable[[], bool] = lambda: True


class HostBlock:
    """Memory of either side."""

    def __init__(self, gpu: HostGpu, size: int) -> None:
        self._gpu = gpu
        self.content = np.full(size, 0xA5, np.uint8)
        self._address, self._size = self.content.ctypes.data, size
        self.is_freed = False

    @property
    def array(self) -> NDArray[np.uint8]:
        assert not self.is_freed, "memory was used after it was freed"
        return self.content

    def __int__(self) -> int:
        return self._address

    def holds(self, address: int) -> bool:
        return 0 <= address - self._address < self._size

    def free(self) -> None:
        self._gpu.call("free")
        assert not self.is_freed, "memory was freed twice"
        for stream in self._gpu.streams:
            assert not any(self.holds(a) for work in stream.queue for a in work.touches), (
                "memory was freed while work on it was under way"
            )
        self.is_freed = True
        self.content.fill(0xDD)


class HostStream:
    def __init__(self, gpu: HostGpu, handle: int) -> None:
        self._gpu, self.handle = gpu, handle
        self.queue: list[Work] = []
        self.captured: list[Work] | None = None
        self.is_freed = False

    @property
    def native(self) -> HostStream:
        return self

    @property
    def is_capturing(self) -> bool:
        return self.captured is not None

    def put(self, work: Work) -> None:
        assert not self.is_freed, "a stream was used after it was freed"
        if self.captured is None:
            self.queue.append(work)
        else:
            self.captured.append(work)

    @property
    def is_done(self) -> bool:
        self._gpu.call("is_done")
        return not self.queue

    def synchronize(self) -> None:
        if self.is_freed:
            raise EngineError("work for a stream that was freed", "an open one", "load again")
        self._gpu.call("synchronize")
        assert not self.is_capturing, "a capture must not wait"
        self._gpu.run_until(lambda: not self.queue)

    def free(self) -> None:
        if self.is_freed:
            return
        self._gpu.call("free stream")
        assert not self.queue, "a stream was freed while work was under way"
        self.is_freed = True


class HostEvent:
    def __init__(self, gpu: HostGpu) -> None:
        self._gpu = gpu
        self.handle = self
        self.records = self.passed = 0
        self.time = 0
        self.is_freed = False

    def record(self, stream: HostStream) -> None:
        self._gpu.call("record")
        assert not self.is_freed, "an event was used after it was freed"
        stream.put(Work("record", self._pass))
        if not stream.is_capturing:
            self.records += 1

    def hold(self, stream: HostStream) -> None:
        self._gpu.call("hold")
        assert not self.is_freed, "an event was used after it was freed"
        assert not stream.is_capturing, "a graph that waits for others"
        wanted = self.records
        stream.put(Work("hold", lambda: None, may_run=lambda: self.passed >= wanted))

    def _pass(self) -> None:
        self.passed += 1
        self._gpu.clock += 1
        self.time = self._gpu.clock

    def ms_since(self, earlier: HostEvent) -> float:
        self._gpu.call("ms_since")
        assert self.passed, "the time of an event that was not recorded"
        assert self.passed == self.records, "the time of an event that has not passed"
        return (self.time - earlier.time) / 1e6

    def free(self) -> None:
        self._gpu.call("free event")
        assert not self.is_freed, "an event was freed twice"
        self.is_freed = True


class HostGraph:
    def __init__(self, gpu: HostGpu, works: list[Work]) -> None:
        self._gpu, self._works = gpu, works
        self.is_freed = False

    def launch(self, stream: HostStream) -> None:
        self._gpu.call("launch graph")
        assert not self.is_freed, "a graph was used after it was freed"
        for work in self._works:
            if work.name == "record":
                work.run.__self__.records += 1  # type: ignore[attr-defined]
            stream.put(work)

    def free(self) -> None:
        self._gpu.call("free graph")
        assert not self.is_freed, "a graph was freed twice"
        self.is_freed = True


class HostGpu:
    """A GPU. `fails_at` is the number of a call that is refused.

    `refuses` names calls that are, and `refuses_next` those of which the next one is.
    """

    def __init__(self, library: ctypes.CDLL, seed: int = 0) -> None:
        self._driver = HostDriver(library)
        self._random = random.Random(seed)
        self._pushed: list[int] = []
        self.calls: list[str] = []
        self.fails_at: int | None = None
        self.refuses: set[str] = set()
        self.refuses_next: set[str] = set()
        self.refuses_to_capture: set[str] = set()
        self.is_open = True
        self.shares_memory = False
        self.clock = 0
        self.blocks: list[HostBlock] = []
        self.streams: list[HostStream] = []
        self.events: list[HostEvent] = []
        self.graphs: list[HostGraph] = []
        self.ran: list[str] = []

    def call(self, name: str) -> None:
        assert self._pushed, f"{name} without a context"
        assert self._pushed[-1] == threading.get_ident(), f"{name} on another thread"
        self.calls.append(name)
        capturing = any(stream.is_capturing for stream in self.streams)
        refused = name in self.refuses | self.refuses_next
        refused |= capturing and name in self.refuses_to_capture
        self.refuses_next.discard(name)
        if refused or len(self.calls) == self.fails_at:
            raise EngineError(f"CUDA_ERROR_STAND_IN while {name}", "a GPU that answers", "no fix")

    @contextmanager
    def current(self) -> Iterator[None]:
        if not self.is_open:
            raise EngineError("work for a GPU that was closed", "an open one", "load again")
        self._pushed.append(threading.get_ident())
        try:
            yield
        finally:
            self._pushed.pop()

    def kernel(self, source: KernelSource) -> Kernel:
        self.call(f"kernel {source.program}")
        run = self._driver.kernel(source)

        def launch(grid: Grid, block: Block, stream: HostStream, arguments: bytes) -> None:
            self.call(f"launch {source.program}")
            padded = arguments + bytes(-len(arguments) % 8)
            touches = tuple(self._addresses(np.frombuffer(padded, np.uint64)))
            stream.put(Work(source.program, partial(run, grid, block, stream, arguments), touches))

        return launch

    def upload(self, array: NDArray[Any]) -> HostBlock:
        block = self._block("upload", max(array.nbytes, 1))
        block.content[: array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return block

    def allocate(self, size: int) -> HostBlock:
        return self._block("allocate", size)

    def allocate_host(self, size: int, mapped: bool = False) -> HostBlock:
        return self._block("allocate_host mapped" if mapped else "allocate_host", size)

    def copy_in(self, host: HostBlock, memory: HostBlock, stream: HostStream) -> None:
        self._copy("copy_in", host, memory, stream)

    def copy_out(self, memory: HostBlock, host: HostBlock, stream: HostStream) -> None:
        self._copy("copy_out", memory, host, stream)

    def stream(self) -> HostStream:
        self.call("stream")
        self.streams.append(HostStream(self, 1000 + len(self.streams)))
        return self.streams[-1]

    def event(self) -> HostEvent:
        self.call("event")
        self.events.append(HostEvent(self))
        return self.events[-1]

    def capture(self, stream: HostStream, enqueue: Callable[[], None]) -> HostGraph:
        self.call("capture")
        assert not stream.queue, "a capture while work was under way in its stream"
        stream.captured = []
        try:
            enqueue()
            works = stream.captured
        finally:
            stream.captured = None
        self.call("instantiate")
        self.graphs.append(HostGraph(self, works))
        return self.graphs[-1]

    def close(self) -> None:
        self.is_open = False

    def find_stream(self, handle: int) -> HostStream:
        return next(stream for stream in self.streams if stream.handle == handle)

    def run_until(self, is_done: Callable[[], bool]) -> None:
        """Run what waits, of one stream or the other, until something is done."""
        while not is_done():
            ready = [s for s in self.streams if s.queue and s.queue[0].may_run()]
            assert ready, "streams that wait for each other"
            work = self._random.choice(ready).queue.pop(0)
            for address in work.touches:
                block = next(block for block in self.blocks if block.holds(address))
                assert not block.is_freed, f"{work.name} on memory that was freed"
            self.ran.append(work.name)
            work.run()

    @property
    def left(self) -> list[str]:
        """What was made and not given back."""
        made = (*self.blocks, *self.streams, *self.events, *self.graphs)
        return [type(thing).__name__ for thing in made if not thing.is_freed]

    def _block(self, name: str, size: int) -> HostBlock:
        self.call(name)
        self.blocks.append(HostBlock(self, size))
        return self.blocks[-1]

    def _copy(self, name: str, source: HostBlock, to: HostBlock, stream: HostStream) -> None:
        self.call(name)
        assert source.array.size == to.array.size
        move = partial(np.copyto, to.content, source.content)
        stream.put(Work(name, move, (int(source), int(to))))

    def _addresses(self, words: NDArray[np.uint64]) -> Iterator[int]:
        # Addresses of main memory are larger than any two numbers side by side are likely to be.
        for word in words[words > 1 << 40].tolist():
            if any(block.holds(word) for block in self.blocks):
                yield word
