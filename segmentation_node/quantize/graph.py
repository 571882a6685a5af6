"""Looks things up in an ONNX graph: who makes a tensor, who reads it, and what is constant."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from segmentation_node.errors import ModelError

CHANNEL_AXIS = {"Conv": 0, "ConvTranspose": 1}
"""Weighted operators, and the axis of their weights that counts output channels.

A Conv's weights are (M, C/group, kh, kw), a ConvTranspose's (C, M/group, kh, kw).
Source: ONNX operators, Conv and ConvTranspose.
"""

ACTIVATIONS = frozenset(
    {"Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh"}
)
"""Operators that runtimes compute together with the convolution before them."""

Reader = tuple[str, int]
"""A node's name, and which of its inputs."""


class Graph:
    """An ONNX model whose tensors can be followed both ways.

    Args:
        model: Every node has a name of its own, as `network.read_network` sees to.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes = {node.name: node for node in model.graph.node}
        self.order = {name: index for index, name in enumerate(self.nodes)}
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._producers = {name: node for node in model.graph.node for name in node.output}
        self._readers: dict[str, list[Reader]] = {}
        for node in model.graph.node:
            for index, name in enumerate(node.input):
                self._readers.setdefault(name, []).append((node.name, index))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs; old files list their constants there as well."""
        return tuple(i.name for i in self.model.graph.input if i.name not in self.constants)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(output.name for output in self.model.graph.output)

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        """The node that makes a tensor; None for inputs and constants."""
        return self._producers.get(tensor)

    def readers(self, tensor: str) -> tuple[Reader, ...]:
        """The inputs of nodes that a tensor goes to."""
        return tuple(self._readers.get(tensor, ()))

    def produced_by(self, tensor: str, kind: str) -> onnx.NodeProto | None:
        """The node that makes a tensor if it is of a kind, such as `DequantizeLinear`."""
        node = self.producer(tensor)
        return node if node is not None and node.op_type == kind else None

    def of_kind(self, *kinds: str) -> Iterator[onnx.NodeProto]:
        """The nodes of some kinds, in the order of the graph."""
        return (node for node in self.nodes.values() if node.op_type in kinds)

    def weighted(self) -> Iterator[onnx.NodeProto]:
        """The weighted operators whose weights are constants, in the order of the graph."""
        return (node for node in self.of_kind(*CHANNEL_AXIS) if self.weights(node) is not None)

    def weights(self, node: onnx.NodeProto) -> onnx.TensorProto | None:
        """The constant that a weighted operator gets its weights from, float or int8."""
        name = node.input[1]
        if dequantize := self.produced_by(name, "DequantizeLinear"):
            name = dequantize.input[0]
            if quantize := self.produced_by(name, "QuantizeLinear"):
                name = quantize.input[0]
        return self.constants.get(name)

    def computed_inputs(self, node: onnx.NodeProto) -> tuple[int, ...]:
        """Which inputs of a node are neither constants nor left out."""
        return tuple(i for i, name in enumerate(node.input) if name and not self._constant(name))

    def weighted_before(self, tensor: str) -> onnx.NodeProto | None:
        """The weighted operator that makes a tensor, alone or with its activation."""
        node = self.producer(tensor)
        if node is not None and node.op_type in ACTIVATIONS:
            node = self.producer(node.input[0])
        return node if node is not None and node.op_type in CHANNEL_AXIS else None

    def _constant(self, name: str) -> bool:
        node = self.producer(name)
        while node is not None and node.op_type in {"QuantizeLinear", "DequantizeLinear"}:
            name = node.input[0]
            node = self.producer(name)
        return name in self.constants or (node is not None and node.op_type == "Constant")

    def node(self, name: str) -> onnx.NodeProto:
        """The node of a name.

        Raises:
            ModelError: There is none.
        """
        if name in self.nodes:
            return self.nodes[name]
        part = name.rsplit("/", 1)[-1].lower()
        near = [n.name for n in self.weighted() if part in n.name.lower()][:4]
        raise ModelError(
            received=f"the node {name!r}",
            expected="a node of the network, such as "
            + ", ".join(near or [n.name for n in self.weighted()][:4]),
            fix="give a node's name as the ONNX has it",
        )


def final_layers(graph: Graph) -> frozenset[str]:
    """Names of the weighted operators that make the class scores.

    Those are the ones that the outputs are computed from with no other weighted operator between.
    A ConvTranspose that only enlarges scores (as many channels in as out) makes none itself, so
    that what comes before it counts as well: of FCN-32s the classifier and the upsampling.
    """
    found: set[str] = set()
    waiting, seen = list(graph.outputs), set()
    while waiting:
        tensor = waiting.pop()
        node = graph.producer(tensor)
        if node is None or tensor in seen:
            continue
        seen.add(tensor)
        is_weighted = node.op_type in CHANNEL_AXIS
        if is_weighted:
            found.add(node.name)
        if not is_weighted or _only_enlarges(graph, node):
            waiting += [node.input[i] for i in graph.computed_inputs(node)]
    return frozenset(found)


def _only_enlarges(graph: Graph, node: onnx.NodeProto) -> bool:
    weights = graph.weights(node)
    if node.op_type != "ConvTranspose" or weights is None:
        return False
    inputs, outputs_of_group = weights.dims[0], weights.dims[1]
    return bool(inputs == outputs_of_group * group(node))


def group(node: onnx.NodeProto) -> int:
    """The number of groups of a weighted operator."""
    return next((a.i for a in node.attribute if a.name == "group"), 1)
