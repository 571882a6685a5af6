"""Puts Q/DQ nodes into a network where a placement says, and corrects the biases behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from segmentation_node.quantize.graph import CHANNEL_AXIS, Graph, group
from segmentation_node.quantize.measured import MeasuredTensors
from segmentation_node.quantize.placement import Placement
from segmentation_node.quantize.weights import along, mean_shift, quantize_weights, scale_of


def insert(
    network: onnx.ModelProto,
    placement: Placement,
    tensors: MeasuredTensors,
    *,
    half: bool = False,
) -> onnx.ModelProto:
    """Quantise a network.

    Args:
        network: In float32; it is left as it is.
        placement: Where to quantise.
        tensors: What is known of each tensor with a Q/DQ pair, and of inputs of layers whose
            biases are to be corrected.
        half: Whether the scales must be numbers of half precision, because the rest of the
            network will be.

    Returns:
        The network with int8 weights and Q/DQ pairs.
    """
    result = onnx.ModelProto()
    result.CopyFrom(network)
    insertion = _Insertion(Graph(result), half)
    for name in placement.layers:
        insertion.quantize_layer(name, tensors)
    for tensor, readers in placement.pairs.items():
        insertion.add_pair(tensor, tensors[tensor].range, readers)
    insertion.finish()
    return result


class _Insertion:
    """Collects what is added to a graph, and adds it.

    Args:
        graph: The network to change.
        half: Whether the scales must be numbers of half precision.
    """

    def __init__(self, graph: Graph, half: bool) -> None:
        self._graph = graph
        self._half = half
        self._of_weights: dict[tuple[str, int], onnx.NodeProto] = {}
        self._errors: dict[tuple[str, int], NDArray[np.float32]] = {}
        self._after: dict[str, list[onnx.NodeProto]] = {}

    def quantize_layer(self, name: str, tensors: MeasuredTensors) -> None:
        """Store a layer's weights as int8, and let it read them through a DequantizeLinear."""
        node = self._graph.nodes[name]
        key = (node.input[1], CHANNEL_AXIS[node.op_type])
        if key not in self._of_weights:
            self._of_weights[key] = self._dequantized_weights(*key)
        if node.input[0] in tensors:
            self._correct_bias(node, np.asarray(tensors[node.input[0]].means, np.float32))
        node.input[1] = self._of_weights[key].output[0]

    def add_pair(self, tensor: str, largest: float, readers: tuple[tuple[str, int], ...]) -> None:
        """Let some readers of a tensor read it through a Q/DQ pair."""
        scale = scale_of(np.asarray(largest, np.float32), half=self._half)
        parts = [self._add(f"{tensor}_scale", scale), self._add(f"{tensor}_zero", _zeros(scale))]
        whole, back = f"{tensor}_int8", f"{tensor}_dequantized"
        pair = [
            _node("QuantizeLinear", [tensor, *parts], whole),
            _node("DequantizeLinear", [whole, *parts], back),
        ]
        self._after[tensor] = pair
        for name, index in readers:
            self._graph.nodes[name].input[index] = back

    def finish(self) -> None:
        """Put the new nodes behind what they read, and drop the weights that nobody reads."""
        proto = self._graph.model.graph
        nodes = list(self._ordered())
        del proto.node[:]
        proto.node.extend(nodes)
        read = {name for node in nodes for name in node.input} | set(self._graph.outputs)
        kept = [tensor for tensor in proto.initializer if tensor.name in read]
        del proto.initializer[:]
        proto.initializer.extend(kept)
        # Types that were inferred for the float network say nothing of the quantised one.
        del proto.value_info[:]

    def _ordered(self) -> Iterator[onnx.NodeProto]:
        yield from self._of_weights.values()
        for name in self._graph.inputs:
            yield from self._after.get(name, ())
        for node in self._graph.model.graph.node:
            yield node
            for name in node.output:
                yield from self._after.get(name, ())

    def _dequantized_weights(self, name: str, axis: int) -> onnx.NodeProto:
        weights = numpy_helper.to_array(self._graph.constants[name])
        whole, scales = quantize_weights(weights, axis, half=self._half)
        self._errors[name, axis] = whole * along(scales, axis, weights.ndim) - weights
        # Weights that a Conv and a ConvTranspose share are quantised once for each.
        stem = f"{name}_axis{axis}"
        parts = [
            self._add(f"{stem}_int8", whole),
            self._add(f"{stem}_scale", scales),
            self._add(f"{stem}_zero", _zeros(scales)),
        ]
        return _node("DequantizeLinear", parts, f"{stem}_dequantized", axis=axis)

    def _correct_bias(self, node: onnx.NodeProto, means: NDArray[np.float32]) -> None:
        """Take off a layer's bias what the errors of its weights add to its outputs' means."""
        axis = CHANNEL_AXIS[node.op_type]
        error = self._errors[node.input[1], axis]
        strides = math.prod(next((a.ints for a in node.attribute if a.name == "strides"), ()))
        shift = mean_shift(error, axis, means, group(node), strides)
        has_bias = len(node.input) > 2 and node.input[2]
        if has_bias and node.input[2] not in self._graph.constants:
            return
        bias = numpy_helper.to_array(self._graph.constants[node.input[2]]) if has_bias else 0
        # Its own copy: two layers may share a bias.
        corrected = self._add(f"{node.name}_bias", np.asarray(bias - shift, np.float32))
        del node.input[2:]
        node.input.append(corrected)

    def _add(self, name: str, array: NDArray[np.generic]) -> str:
        self._graph.model.graph.initializer.append(numpy_helper.from_array(array, name))
        return name


def _zeros(scale: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.zeros(scale.shape, np.int8)


def _node(kind: str, inputs: list[str], output: str, **attributes: int) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output], name=output, **attributes)
