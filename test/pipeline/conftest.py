from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from host_kernels import library
from small_network import onnx_bytes, write_network

from segmentation_node.model import Model, load_model

__all__ = ["library", "make_network"]


@pytest.fixture
def make_network(tmp_path: Path) -> Callable[..., Model]:
    """Write a small network; keys of its sidecar may be given."""

    def make(classes: int = 4, stride: int = 8, **content: Any) -> Model:
        onnx = onnx_bytes(classes, stride)
        return load_model(write_network(tmp_path, onnx, classes=classes, stride=stride, **content))

    return make
