"""Streams, by PyCUDA."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segmentation_node.cuda.pycuda_calls import PyCuda
from segmentation_node.errors import EngineError

_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING of cuda.h, which PyCUDA has no name for."""


class PyCudaStream:
    """A stream of its own, which neither waits for the default one nor holds it up.

    Args:
        pycuda: PyCUDA; a context is current.

    Raises:
        EngineError: CUDA refuses.
    """

    def __init__(self, pycuda: PyCuda) -> None:
        self._pycuda = pycuda
        self._native: Any = pycuda.call("making a stream", pycuda.module.Stream, _NON_BLOCKING)
        self.is_capturing = False
        """Whether what is put into it goes into a graph, and does not run."""

    @property
    def native(self) -> Any:
        """PyCUDA's own object.

        Raises:
            EngineError: The stream was freed.
        """
        if self._native is None:
            raise EngineError("work for a stream that was freed", "an open one", "load again")
        return self._native

    @property
    def handle(self) -> int:
        """CUDA's handle."""
        return int(self.native.handle)

    @contextmanager
    def capturing(self) -> Iterator[None]:
        """Say that it is being captured while a block runs."""
        self.is_capturing = True
        try:
            yield
        finally:
            self.is_capturing = False

    @property
    def is_done(self) -> bool:
        """Whether everything in it is done, without waiting."""
        return bool(self._pycuda.call("asking how far a stream is", self.native.is_done))

    def synchronize(self) -> None:
        """Wait until everything in it is done."""
        self._pycuda.call("waiting for the GPU", self.native.synchronize)

    def free(self) -> None:
        """Give it back; freeing twice does nothing."""
        # PyCUDA destroys a stream with its object, of which this is the only reference.
        self._native = None
