"""What tests and benches on a GPU share: the GPU itself, or why there is none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.pycuda_gpu import PyCudaGpu
from segmentation_node.errors import EngineError


def open_gpu() -> PyCudaGpu:
    """The GPU, or a skip that says why there is none."""
    try:
        return PyCudaGpu()
    except EngineError as error:
        pytest.skip(f"no GPU for PyCUDA: {error.received}")


class Bench:
    """A GPU whose context is current, with a stream, and arrays that are freed at the end."""

    def __init__(self, gpu: PyCudaGpu, owned: Owned) -> None:
        self.gpu, self._owned = gpu, owned
        self.stream = owned.keep(gpu.stream())

    def put(self, array: NDArray[Any]) -> int:
        return int(self._owned.keep(self.gpu.upload(array)))

    def get(self, address: int, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        self.stream.synchronize()
        array = np.empty(shape, dtype)
        importlib.import_module("pycuda.driver").memcpy_dtoh(array, address)
        return array


def benches() -> Iterator[Bench]:
    """For fixtures: one bench, closed at the end."""
    gpu = open_gpu()
    try:
        with gpu.current(), Owned() as owned:
            yield Bench(gpu, owned)
    finally:
        gpu.close()
