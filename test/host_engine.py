"""An engine on the stand-in of a GPU: the network of small_network.py, in NumPy."""

from __future__ import annotations

import ctypes
from functools import partial
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
        images: int = 1,
    ) -> None:
        size = size or model.default_size
        classes, stride = model.labels.num_classes, model.stride
        self._gpu, self.model, self.batch = gpu, model, batch
        self.input = TensorSpec("image", (images, 3, size.height, size.width), dtypes[0])
        coarse = (images, classes, size.height // stride, size.width // stride)
        self.output = TensorSpec("logits", coarse, dtypes[1])
        self._between: list[NDArray[Any]] = []
        self.executions: list[int] = []
        """How many images each execution took that ran."""
        self.is_closed = False
        self.closed = 0

    def enqueue(
        self, stream: int, input_address: int, output_address: int, images: int = 1
    ) -> None:
        self._gpu.call("enqueue")
        assert 1 <= images <= self.batch
        if self.is_closed:
            raise EngineError("a closed engine", "an open one", "load it again")
        queue = self._gpu.find_stream(stream)
        if queue.is_capturing:
            assert not any(s.queue for s in self._gpu.streams), "captured while it ran"
        read, write = (
            partial(self._read, input_address, images),
            partial(self._write, output_address),
        )
        queue.put(Work("inference", read, (input_address,)))
        queue.put(Work("inference", write, (output_address,)))

    def close(self) -> None:
        assert not any(stream.queue for stream in self._gpu.streams), "closed while it ran"
        self._gpu.call("close engine")
        self.is_closed = True
        self.closed += 1

    def __enter__(self) -> HostEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, address: int, images: int) -> None:
        assert not self._between, "two inferences at once"
        self.executions.append(images)
        self._between = [
            view(address + index * bytes_of(self.input), self.input).copy()
            for index in range(images)
        ]

    def _write(self, address: int) -> None:
        assert self._between
        classes, stride = self.model.labels.num_classes, self.model.stride
        for index, image in enumerate(self._between):
            logits = expected_logits(image.astype(np.float32), classes, stride)
            view(address + index * bytes_of(self.output), self.output)[:] = logits
        self._between = []


def bytes_of(spec: TensorSpec) -> int:
    return int(np.prod([size or 0 for size in spec.shape])) * np.dtype(spec.dtype).itemsize


def view(address: int, spec: TensorSpec) -> NDArray[Any]:
    """The memory of a tensor."""
    shape = [size or 0 for size in spec.shape]
    dtype = np.dtype(spec.dtype)
    memory = (ctypes.c_uint8 * bytes_of(spec)).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)
