from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from host_engine import HostEngine
from host_gpu import HostGpu
from host_kernels import library
from small_network import onnx_bytes, write_network

from segmentation_node.model import load_model
from segmentation_node.pipeline import CudaPipeline

__all__ = ["library"]

MakePipeline = Callable[..., CudaPipeline]


@pytest.fixture
def make_pipeline(library: ctypes.CDLL, tmp_path: Path) -> Iterator[MakePipeline]:
    """Make pipelines on stand-ins, each on a GPU of its own; closed at the end."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    model = load_model(write_network(tmp_path, onnx_bytes(), default_size=[32, 32]))
    made: list[tuple[CudaPipeline, HostGpu]] = []

    def make(batch: int = 1) -> CudaPipeline:
        gpu = HostGpu(library)
        opened = CudaPipeline(model, HostEngine(gpu, model, batch=batch), gpu=gpu)
        made.append((opened, gpu))
        return opened

    yield make
    for pipeline, gpu in made:
        pipeline.close()
        assert gpu.left == []


@pytest.fixture
def pipeline(make_pipeline: MakePipeline) -> CudaPipeline:
    return make_pipeline()
