"""Holds a half-precision network to its rules: half throughout, float32 at both ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto, numpy_helper

from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.violation import Violation

LEAST_OPSET = 19
"""QuantizeLinear and DequantizeLinear take half-precision tensors from here on."""

# Scales and regions of a Resize are float32 by its definition, whatever it resizes.
_ALWAYS_FLOAT = {"Resize": (1, 2)}


def check_half(graph: Graph) -> list[Violation]:
    """Hold a network to the rules of half precision, if it holds any half-precision constant."""
    if not any(t.data_type == TensorProto.FLOAT16 for t in graph.constants.values()):
        return []
    return [*_constants(graph), *_casts(graph), *_opset(graph)]


def _constants(graph: Graph) -> Iterator[Violation]:
    for name, tensor in graph.constants.items():
        readers = graph.readers(name)
        exempt = all(i in _ALWAYS_FLOAT.get(graph.nodes[n].op_type, ()) for n, i in readers)
        place = readers[0][0] if readers else name
        if tensor.data_type == TensorProto.FLOAT and not exempt:
            yield Violation("half", place, f"its constant {name} is float32")
        is_half = tensor.data_type == TensorProto.FLOAT16
        if is_half and not np.isfinite(numpy_helper.to_array(tensor)).all():
            yield Violation("half", place, f"its constant {name} is not finite")


def _casts(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind("Cast"):
        if node.input[0] not in graph.inputs and node.output[0] not in graph.outputs:
            yield Violation("half", node.name, "a Cast within the network")


def _opset(graph: Graph) -> Iterator[Violation]:
    opset = next(o.version for o in graph.model.opset_import if o.domain in {"", "ai.onnx"})
    node = next(graph.of_kind("QuantizeLinear", "DequantizeLinear"), None)
    if node is not None and opset < LEAST_OPSET:
        yield Violation("half", node.name, f"opset {opset} where {LEAST_OPSET} is the least")
