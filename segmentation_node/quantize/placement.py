"""Decides where a network is quantised: which layers, and which tensors get a Q/DQ pair.

The rules are those of TensorRT for explicitly quantised networks, and other runtimes take them too:
quantise the inputs of weighted operators; put nothing between a convolution and its activation, so
that they stay one kernel; of a residual Add quantise the branch that comes from afar and leave the
convolution's own output in float, so that the sum joins that kernel as well; leave the last layers
in float.
Source: TensorRT documentation, "Explicit Quantization", on placing Q/DQ layers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import onnx

from segmentation_node.errors import ModelError
from segmentation_node.quantize.graph import CHANNEL_AXIS, Graph, Reader, final_layers


@dataclass(frozen=True)
class Placement:
    """Where a network is quantised.

    Args:
        layers: Names of the weighted operators that run in INT8.
        float_layers: Names of the other weighted operators.
        pairs: The tensors that get a Q/DQ pair, and who reads them through it.
    """

    layers: tuple[str, ...]
    float_layers: tuple[str, ...]
    pairs: Mapping[str, tuple[Reader, ...]]


def place(graph: Graph, exclude: Collection[str] = (), *, quantize_last: bool = False) -> Placement:
    """Decide where a float network is quantised.

    Args:
        graph: The float network.
        exclude: Names of weighted operators to leave in float.
        quantize_last: Whether the layers that make the class scores are quantised as well.

    Raises:
        ModelError: A name is no weighted operator's, or no layer is left to quantise.
    """
    kept = set(_checked(graph, exclude)) | (set() if quantize_last else final_layers(graph))
    layers = [node.name for node in graph.weighted() if node.name not in kept]
    if not layers:
        raise ModelError(
            received="no layer left to quantise",
            expected=f"at least one of the network's {', '.join(CHANNEL_AXIS)} layers",
            fix="exclude fewer layers",
        )
    pairs: dict[str, list[Reader]] = {}
    for name in layers:
        pairs.setdefault(graph.nodes[name].input[0], []).append((name, 0))
    for add in graph.of_kind("Add"):
        branch = residual_branch(graph, add, layers)
        if branch is not None:
            pairs.setdefault(add.input[branch], []).append((add.name, branch))
    others = [node.name for node in graph.of_kind(*CHANNEL_AXIS) if node.name not in layers]
    return Placement(tuple(layers), tuple(others), {key: tuple(r) for key, r in pairs.items()})


def place_one(graph: Graph, layer: str) -> Placement:
    """Quantise one layer alone, its input and its weights."""
    others = tuple(node.name for node in graph.of_kind(*CHANNEL_AXIS) if node.name != layer)
    return Placement((layer,), others, {graph.nodes[layer].input[0]: ((layer, 0),)})


def place_weights(graph: Graph, exclude: Collection[str] = ()) -> Placement:
    """Quantise weights alone, those of every weighted operator.

    Raises:
        ModelError: A name is no weighted operator's.
    """
    kept = _checked(graph, exclude)
    layers = tuple(node.name for node in graph.weighted() if node.name not in kept)
    others = tuple(node.name for node in graph.of_kind(*CHANNEL_AXIS) if node.name not in layers)
    return Placement(layers, others, {})


def residual_branch(graph: Graph, add: onnx.NodeProto, layers: Collection[str]) -> int | None:
    """Which input of a residual or skip Add is to be quantised.

    The other one comes straight from an INT8 layer, with or without its activation, and joins its
    kernel. Where both do, a Conv goes before a ConvTranspose, which joins with nothing, and the
    later one before the earlier, whose output is the shortcut.

    Args:
        graph: The network.
        add: An Add.
        layers: Names of the layers in INT8.

    Returns:
        The index of the input; None where the Add is no sum of two branches, or neither comes
        from an INT8 layer.
    """
    branches = graph.computed_inputs(add)
    makers = {i: graph.weighted_before(add.input[i]) for i in branches}
    own = {i: node for i, node in makers.items() if node is not None and node.name in layers}
    if len(branches) != 2 or not own:
        return None
    joined = max(own, key=lambda i: (own[i].op_type == "Conv", graph.order[own[i].name]))
    return branches[1] if joined == branches[0] else branches[0]


def _checked(graph: Graph, names: Collection[str]) -> Collection[str]:
    for name in names:
        node = graph.node(name)
        if node.op_type not in CHANNEL_AXIS:
            raise ModelError(
                received=f"the node {name!r}, a {node.op_type}",
                expected=" or ".join(CHANNEL_AXIS),
                fix="give the name of the layer that reads or makes it",
            )
    return names
