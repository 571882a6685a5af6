"""An engine on the stand-in of a GPU: the network of small_network.py, in NumPy."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from host_gpu import HostGpu, Work
from numpy.typing import NDArray
from small_network import expected_logits

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import EngineError
from segmentation_node.model import Model, TensorSpec


class HostEngine:
    """Has one set of intermediate results, as engines do: two frames at once would mix them."""

    name, runtime, device, precision = "host", "NumPy", "the processor", "fp32"

    def __init__(
        self,
        gpu: HostGpu,
        model: Model,
        size: NetworkSize | None = None,
        dtypes: tuple[str, str] = ("float32", "float32"),
        batch: int = 1,
    ) -> None:
        size = size or model.default_size
        classes, stride = model.labels.num_classes, model.stride
        self._gpu, self.model = gpu, model
        self.input = TensorSpec("image", (batch, 3, size.height, size.width), dtypes[0])
        coarse = (batch, classes, size.height // stride, size.width // stride)
        self.output = TensorSpec("logits", coarse, dtypes[1])
        self._between: NDArray[Any] | None = None
        self.is_closed = False
        self.closed = 0

    def enqueue(self, stream: int, input_address: int, output_address: int) -> None:
        self._gpu.call("enqueue")
        if self.is_closed:
            raise EngineError("a closed engine", "an open one", "load it again")
        queue = self._gpu.find_stream(stream)
        if queue.is_capturing:
            assert not any(s.queue for s in self._gpu.streams), "captured while it ran"
        queue.put(Work("inference", lambda: self._read(input_address), (input_address,)))
        queue.put(Work("inference", lambda: self._write(output_address), (output_address,)))

    def close(self) -> None:
        assert not any(stream.queue for stream in self._gpu.streams), "closed while it ran"
        self._gpu.call("close engine")
        self.is_closed = True
        self.closed += 1

    def __enter__(self) -> HostEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, address: int) -> None:
        assert self._between is None, "two inferences at once"
        self._between = view(address, self.input).copy()

    def _write(self, address: int) -> None:
        assert self._between is not None
        image, self._between = self._between.astype(np.float32), None
        logits = expected_logits(image, self.model.labels.num_classes, self.model.stride)
        view(address, self.output)[:] = logits


def view(address: int, spec: TensorSpec) -> NDArray[Any]:
    """The memory of a tensor."""
    shape = [size or 0 for size in spec.shape]
    dtype = np.dtype(spec.dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    memory = (ctypes.c_uint8 * size).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)
