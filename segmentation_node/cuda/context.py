"""The GPU's primary context: retained once, current only while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segmentation_node.cuda.driver_api import DriverApi
from segmentation_node.cuda.pycuda_calls import PyCuda
from segmentation_node.errors import EngineError

_CACHED_FROM = (7, 2)
"""Compute capability from which the processor caches main memory that an integrated GPU has mapped.

Source: "CUDA for Tegra", memory management.
"""


class PrimaryContext:
    """The context that CUDA's runtime, TensorRT and PyTorch share with us on one GPU.

    It is pushed for as long as a block runs and popped at its end, on whichever thread that is: a
    thread that ends with a pushed context would take the process with it.

    Args:
        pycuda: PyCUDA.
        api: The driver API.
        ordinal: Number of the GPU, among those that CUDA_VISIBLE_DEVICES leaves.

    Raises:
        EngineError: There is no such GPU, or it cannot be used.
    """

    def __init__(self, pycuda: PyCuda, api: DriverApi, ordinal: int = 0) -> None:
        self._pycuda = pycuda
        self._api = api
        pycuda.call("starting CUDA", pycuda.module.init)
        device = pycuda.call(f"looking for GPU {ordinal}", pycuda.module.Device, ordinal)
        self.shares_memory = _shares_memory(pycuda, device)
        """Whether main memory is the GPU's own as well; see `Gpu`."""
        task = "retaining the GPU's primary context"
        self._context: Any = pycuda.call(task, device.retain_primary_context)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Make the context current on this thread while a block runs.

        Raises:
            EngineError: The context is closed, or CUDA refuses.
        """
        if self._context is None:
            raise EngineError(
                received="work for a GPU that was closed",
                expected="an open one",
                fix="load the network again",
            )
        pycuda = self._pycuda
        pycuda.call("making the context current", self._context.push)
        try:
            with self._apart_from_captures():
                yield
        finally:
            pycuda.call("taking the context from this thread", pycuda.module.Context.pop)

    @contextmanager
    def _apart_from_captures(self) -> Iterator[None]:
        # By default a capture that another thread has begun in the global mode, as libraries do,
        # has CUDA refuse calls of this one, such as those that allocate memory (CUDA driver API,
        # cuThreadExchangeStreamCaptureMode).
        api, task = self._api, "setting the thread's capture mode"
        mode = api.constant("CUstreamCaptureMode", "CU_STREAM_CAPTURE_MODE_THREAD_LOCAL")
        before = api.call(task, "cuThreadExchangeStreamCaptureMode", mode)
        try:
            yield
        finally:
            api.call(task, "cuThreadExchangeStreamCaptureMode", before)

    def close(self) -> None:
        """Release the context; closing twice does nothing.

        Raises:
            EngineError: CUDA refuses.
        """
        context, self._context = self._context, None
        if context is None:
            return
        # PyCUDA releases a context on another thread than its maker's only while it is the topmost
        # there, and leaves CUDA's own stack as it is: so it is pushed, and popped from that one.
        self._pycuda.call("making the context current", context.push)
        try:
            self._api.call("taking the context from this thread", "cuCtxPopCurrent")
        finally:
            self._pycuda.call("releasing the GPU's primary context", context.detach)


def _shares_memory(pycuda: PyCuda, device: Any) -> bool:
    integrated = pycuda.module.device_attribute.INTEGRATED
    if not pycuda.call("asking what kind of GPU it is", device.get_attribute, integrated):
        return False
    capability = pycuda.call("asking for the compute capability", device.compute_capability)
    return tuple(capability) >= _CACHED_FROM
