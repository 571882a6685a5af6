"""Holds a quantised network to the rules of TensorRT's explicit quantisation, node by node.

TensorRT's parser takes much in silence that is wrong or slow: a scale along the wrong axis of a
ConvTranspose, a Q/DQ pair that keeps an activation apart from its convolution. This says it.
Source: TensorRT documentation, "Explicit Quantization"; docs/quantization.md has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from segmentation_node.quantize.graph import ACTIVATIONS, CHANNEL_AXIS, Graph, final_layers
from segmentation_node.quantize.half_rules import check_half
from segmentation_node.quantize.placement import residual_branch
from segmentation_node.quantize.violation import Violation

_Q, _DQ = "QuantizeLinear", "DequantizeLinear"


@dataclass(frozen=True)
class Precisions:
    """How many of a network's weighted operators run in what.

    Args:
        int8: With activations and weights in int8.
        int8_weights: With weights alone in int8.
        half: The others, where they are in half precision.
        float32: The others.
    """

    int8: int
    int8_weights: int
    half: int
    float32: int


def check(model: onnx.ModelProto, *, allow_last: bool = False) -> list[Violation]:
    """Hold a network to the rules.

    Args:
        model: A network with Q/DQ nodes, in half precision, or both.
        allow_last: Whether the layers that make the class scores may be quantised.

    Returns:
        What breaks a rule, and at which node; empty where all is well.
    """
    graph = Graph(model)
    found = [violation for rule in _RULES for violation in rule(graph)]
    if not allow_last:
        found += _last_layers(graph)
    return found + check_half(graph)


def precisions(model: onnx.ModelProto) -> Precisions:
    """Count the weighted operators of a network by the precision that they run in."""
    graph = Graph(model)
    layers = list(graph.of_kind(*CHANNEL_AXIS))
    inputs = [_is_quantised(graph, node, 0) for node in layers]
    weights = [_is_quantised(graph, node, 1) for node in layers]
    full = sum(i and w for i, w in zip(inputs, weights, strict=True))
    alone = sum(w and not i for i, w in zip(inputs, weights, strict=True))
    rest = len(layers) - full - alone
    is_half = any(t.data_type == TensorProto.FLOAT16 for t in graph.constants.values())
    return Precisions(full, alone, rest if is_half else 0, 0 if is_half else rest)


def _symmetry(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind(_Q, _DQ):
        zero = graph.constants.get(node.input[2]) if len(node.input) > 2 else None
        if zero is None or zero.data_type != TensorProto.INT8:
            yield Violation("symmetric-int8", node.name, "its zero point is no int8 constant")
        elif numpy_helper.to_array(zero).any():
            yield Violation("symmetric-int8", node.name, "its zero point is not 0")


def _scales(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind(_Q, _DQ):
        scale = graph.constants.get(node.input[1])
        if scale is None:
            yield Violation("scale", node.name, "its scale is no constant")
            continue
        values = numpy_helper.to_array(scale).astype(np.float32)
        if not (np.isfinite(values).all() and (values > 0).all()):
            yield Violation("scale", node.name, "a scale is not above 0 and finite")
        if values.size > 1 and not _reads_weights(graph, node):
            yield Violation(
                "scale", node.name, f"an activation has {values.size} scales, not one for all"
            )


def _pairs(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind(_Q):
        readers = [graph.nodes[name] for name, _ in graph.readers(node.output[0])]
        if not readers or any(reader.op_type != _DQ for reader in readers):
            yield Violation(
                "pair", node.name, "what it makes is not read by DequantizeLinear alone"
            )
        if any(list(reader.input[1:]) != list(node.input[1:]) for reader in readers):
            yield Violation("pair", node.name, "its DequantizeLinear has another scale")
    for node in graph.of_kind(_DQ):
        source = node.input[0]
        if graph.produced_by(source, _Q) is None and source not in graph.constants:
            yield Violation("pair", node.name, "it reads neither a QuantizeLinear nor a constant")


def _once(graph: Graph) -> Iterator[Violation]:
    for tensor in {node.input[0] for node in graph.of_kind(_Q)}:
        nodes = [n for n, _ in graph.readers(tensor) if graph.nodes[n].op_type == _Q]
        for name in nodes[1:]:
            yield Violation("pair", name, f"{tensor} is quantised by {nodes[0]} already")


def _weight_axis(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind(*CHANNEL_AXIS):
        dequantize, weights = graph.produced_by(node.input[1], _DQ), graph.weights(node)
        if dequantize is None or weights is None or dequantize.input[1] not in graph.constants:
            continue
        axis = CHANNEL_AXIS[node.op_type]
        channels = weights.dims[axis]
        scales = list(graph.constants[dequantize.input[1]].dims)
        if _axis(dequantize) % len(weights.dims) != axis or scales != [channels]:
            yield Violation(
                "weight-axis",
                node.name,
                f"its weights have scales {scales} along axis {_axis(dequantize)}; a "
                f"{node.op_type} needs [{channels}] along axis {axis}",
            )


def _inputs(graph: Graph) -> Iterator[Violation]:
    weights_alone = not any(not _reads_weights(graph, node) for node in graph.of_kind(_Q))
    for node in graph.of_kind(*CHANNEL_AXIS):
        data, weights = (_is_quantised(graph, node, index) for index in (0, 1))
        if data and not weights:
            yield Violation("weighted-inputs", node.name, "its input is quantised, its weights not")
        if weights and not data and not weights_alone:
            yield Violation(
                "weighted-inputs", node.name, "its weights are quantised, its input not"
            )


def _bias(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind(*CHANNEL_AXIS):
        if len(node.input) > 2 and _is_quantised(graph, node, 2):
            yield Violation("bias", node.name, "its bias is quantised")


def _activation(graph: Graph) -> Iterator[Violation]:
    for node in graph.of_kind(*ACTIVATIONS, "BatchNormalization"):
        dequantize = graph.produced_by(node.input[0], _DQ)
        quantize = dequantize and graph.produced_by(dequantize.input[0], _Q)
        maker = quantize and graph.producer(quantize.input[0])
        if maker is not None and maker.op_type in CHANNEL_AXIS:
            yield Violation(
                "conv-activation", node.name, f"a Q/DQ pair stands between {maker.name} and it"
            )


def _residuals(graph: Graph) -> Iterator[Violation]:
    layers = [n.name for n in graph.of_kind(*CHANNEL_AXIS) if _is_quantised(graph, n, 0)]
    for node in graph.of_kind("Add"):
        branches = graph.computed_inputs(node)
        quantised = [index for index in branches if _is_quantised(graph, node, index)]
        if len(branches) == 2 and len(quantised) == 2:
            yield Violation("residual-add", node.name, "both of its branches are quantised")
        elif not quantised and residual_branch(graph, node, layers) is not None:
            yield Violation("residual-add", node.name, "neither of its branches is quantised")


def _last_layers(graph: Graph) -> Iterator[Violation]:
    for name in sorted(final_layers(graph), key=graph.order.__getitem__):
        if _is_quantised(graph, graph.nodes[name], 0):
            yield Violation("last-layers", name, "it makes the class scores and is quantised")


def _ends(graph: Graph) -> Iterator[Violation]:
    constants = set(graph.constants)
    for value in (*graph.model.graph.input, *graph.model.graph.output):
        kind = value.type.tensor_type.elem_type
        if value.name not in constants and kind != TensorProto.FLOAT:
            yield Violation("float32-ends", value.name, "an input or output is not float32")


def _is_quantised(graph: Graph, node: onnx.NodeProto, index: int) -> bool:
    return graph.produced_by(node.input[index], _DQ) is not None


def _reads_weights(graph: Graph, node: onnx.NodeProto) -> bool:
    """Whether a Q or DQ node belongs to constants rather than to an activation."""
    return not graph.computed_inputs(node)


def _axis(node: onnx.NodeProto) -> int:
    # 1 is the operator's own default.
    return next((a.i for a in node.attribute if a.name == "axis"), 1)


_RULES: tuple[Callable[[Graph], Iterator[Violation]], ...] = (
    _symmetry,
    _scales,
    _pairs,
    _once,
    _weight_axis,
    _inputs,
    _bias,
    _activation,
    _residuals,
    _ends,
)
