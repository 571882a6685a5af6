"""What an ONNX computes in, told from its bytes and held against onnx's own reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_network import field, onnx_bytes, varint

from segmentation_node.errors import ModelError
from segmentation_node.model import MODELS_DIRECTORY
from segmentation_node.model.onnx_graph import stored_precision


@pytest.mark.parametrize(("quantised", "precision"), [(False, "fp32"), (True, "int8")])
def test_quantised_activations_make_it_int8(
    quantised: bool, precision: str, tmp_path: Path
) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(onnx_bytes(quantised=quantised))
    assert stored_precision(path) == precision


def test_the_shipped_networks_are_fp32_and_their_other_files_what_their_names_say() -> None:
    for path in MODELS_DIRECTORY.glob("*.onnx"):
        _, _, precision = path.stem.partition(".")
        assert stored_precision(path) == (precision or "fp32")


@pytest.mark.parametrize(
    ("dtype", "precision"), [(np.float16, "fp16"), (np.float32, "fp32"), (np.int8, "fp32")]
)
def test_else_it_is_the_type_of_most_weights(
    dtype: type[np.generic], precision: str, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    weights = onnx.numpy_helper.from_array(np.ones((8, 3, 2, 2), dtype), "weights")
    # A scale or an epsilon may stay in float32.
    other = onnx.numpy_helper.from_array(np.ones(3, np.float32), "other")
    graph = onnx.helper.make_graph([], "graph", [], [], [other, weights])
    path = tmp_path / "network.onnx"
    onnx.save(onnx.helper.make_model(graph), path)
    assert stored_precision(path) == precision


HUGE = varint(2**63)
"""A length that no file has, and that neither read nor seek takes."""


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"\x3a\xff",
        field(7, field(1, b"\x22" + HUGE)),
        field(7, b"\x2a" + varint(2**64) + b"\x4a" + HUGE),
        b"\xff" * 11 + b"\x01",
    ],
    ids=["gone", "cut short", "a name without end", "a tensor without end", "no number"],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"network\.onnx, which cannot be read"):
        stored_precision(path)
