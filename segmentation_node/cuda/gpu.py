"""What a pipeline asks of a GPU; protocols, so that it is tested without one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation_node.cuda.driver import Driver, Memory


class Stream(Protocol):
    """Work that the GPU does in order; other streams' work may run beside it."""

    @property
    def handle(self) -> int:
        """CUDA's handle, for those who enqueue by other means."""

    @property
    def native(self) -> Any:
        """What the calls of its maker's library take for a stream."""

    @property
    def is_capturing(self) -> bool:
        """Whether what is put into it goes into a graph, and does not run."""

    def capturing(self) -> AbstractContextManager[None]:
        """Say that it is being captured while a block runs."""

    @property
    def is_done(self) -> bool:
        """Whether everything in it is done, without waiting.

        Raises:
            EngineError: Some of it failed, or CUDA refuses.
        """

    def synchronize(self) -> None:
        """Wait until everything in it is done.

        Raises:
            EngineError: Some of it failed, or CUDA refuses.
        """

    def free(self) -> None:
        """Give it back; nothing may be under way in it."""


class Event(Protocol):
    """A point in a stream: others can wait for it, and the time between two can be asked."""

    @property
    def handle(self) -> Any:
        """CUDA's handle."""

    def record(self, stream: Stream) -> None:
        """Set it behind what is in a stream so far."""

    def hold(self, stream: Stream) -> None:
        """Let what comes next in a stream wait for where the event was recorded last.

        The stream is not being captured.
        """

    def ms_since(self, earlier: Event) -> float:
        """Milliseconds that the GPU took from another event to this one; both have passed."""

    def free(self) -> None:
        """Give it back."""


class Graph(Protocol):
    """Work that was captured once, and is enqueued by one call from then on."""

    def launch(self, stream: Stream) -> None:
        """Enqueue it and return at once."""

    def free(self) -> None:
        """Give it back; it must not be under way."""


class HostMemory(Protocol):
    """Main memory that the GPU copies from and to by itself."""

    @property
    def array(self) -> NDArray[np.uint8]:
        """(bytes,) uint8: the memory, until it is freed."""

    def __int__(self) -> int:
        """The address under which kernels find it; of mapped memory alone."""

    def free(self) -> None:
        """Give it back."""


class Gpu(Driver, Protocol):
    """The part of CUDA that a pipeline uses, on one GPU.

    All but `current` and `close` is called while the context is current, on one thread at a time.
    Every call that CUDA refuses raises an EngineError.
    """

    @property
    def shares_memory(self) -> bool:
        """Whether it reads and writes main memory without a bus between them, and both cache it.

        So do the integrated GPUs from compute capability 7.2 on, such as those of Jetsons.
        """

    def current(self) -> AbstractContextManager[None]:
        """Make the GPU's context current on this thread while a block runs."""

    def allocate(self, size: int) -> Memory:
        """Memory of the GPU; the caller frees it.

        Args:
            size: Bytes.
        """

    def allocate_host(self, size: int, mapped: bool = False) -> HostMemory:
        """Main memory that stays where it is; the caller frees it.

        Args:
            size: Bytes.
            mapped: Whether kernels are to read and write it in place.
        """

    def copy_in(self, host: HostMemory, memory: Memory, stream: Stream) -> None:
        """Copy all of `host` to the GPU, in the order of a stream."""

    def copy_out(self, memory: Memory, host: HostMemory, stream: Stream) -> None:
        """Fill `host` from the GPU, in the order of a stream."""

    def stream(self) -> Stream:
        """A new stream; the caller frees it."""

    def event(self) -> Event:
        """A new event; the caller frees it."""

    def capture(self, stream: Stream, enqueue: Callable[[], None]) -> Graph:
        """Take what `enqueue` puts into a stream for a graph; nothing of it runs.

        Args:
            stream: The stream; nothing may be under way in it.
            enqueue: Puts the work into the stream.

        Raises:
            EngineError: Something in it cannot be captured. The stream is as it was before.
        """

    def close(self) -> None:
        """Let go of the GPU, after all that was made on it was freed; closing twice is safe."""
