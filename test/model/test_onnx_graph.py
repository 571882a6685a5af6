"""What an ONNX computes in, told from its bytes and held against onnx's own reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_network import field, node, onnx_bytes, tensor, value_info, varint

from segmentation_node.errors import ModelError
from segmentation_node.model import MODELS_DIRECTORY
from segmentation_node.model.onnx_graph import read_graph, stored_precision


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


ENDLESS = "".join(f"Add a{n} c a{n + 1}; " for n in range(2000))
# What is made, of what: separated by spaces, the result last.
ENDS = {
    "the mean of two": ("Softmax", "Softmax c p; Softmax d q; Add p q s; Mul s half out"),
    "of several kinds": ("Mean", "Softmax c p; Sigmoid d q; Mean p q out"),
    "times a number": ("Softmax", "Softmax c p; Mul p half out"),
    "a number less it": ("Sigmoid", "Sigmoid c p; Sub half p out"),
    "both sides of one": ("Sigmoid", "Sigmoid c p; Sub half p q; Concat q p out"),
    "by a constant of a node": ("Softmax", "Constant k; Softmax c p; Mul p k out"),
    "written out": ("Softmax", "Exp c e; ReduceSum e n; Div e n out"),
    "by its logarithm": ("Softmax", "LogSoftmax c l; Exp l out"),
    "logits that are added": ("Conv", "Add c d out"),
    "logits that are scaled": ("Conv", "Div c half out"),
    "logits that are gated": ("Mul", "Sigmoid d p; Mul c p out"),
    "a logarithm": ("Log", "Softmax c p; Log p out"),
    "exponentials": ("Exp", "Exp c out"),
    "a circle": ("Add", "Add out out out"),
    "a way without end": ("Add", ENDLESS + "Add a2000 c out"),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_what_gives_the_output_its_meaning_is_found(how: str, tmp_path: Path) -> None:
    """Two convolutions of the image, c and d, a constant, and what each row does with them."""
    last, ends = ENDS[how]
    nodes = [node("Conv", ["image", "weights"], [name]) for name in "cd"]
    nodes += [
        node(kind, names[:-1], names[-1:])
        for kind, *names in (row.split() for row in ends.split(";"))
    ]
    graph = b"".join(field(1, one) for one in nodes)
    graph += b"".join(field(5, tensor(n, np.ones(1, np.float32))) for n in ("weights", "half"))
    graph += field(11, value_info("image", (1, 3, 8, 8))) + field(
        12, value_info("out", (1, 2, 8, 8))
    )
    path = tmp_path / "network.onnx"
    path.write_bytes(field(7, graph))
    assert read_graph(path).last == last
