"""Reads a float32 ONNX network into the one form that the rest of the room works on."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, numpy_helper

from segmentation_node.errors import ModelError
from segmentation_node.model import Model, TensorSpec
from segmentation_node.model.onnx_file import check_onnx_file
from segmentation_node.quantize.graph import Graph

_TYPES = {TensorProto.FLOAT: "float32", TensorProto.FLOAT16: "float16"}


def read_onnx(path: Path) -> onnx.ModelProto:
    """Read an ONNX file; constants become initialisers, and every node has a name of its own.

    Raises:
        ModelError: The file is missing, damaged, or no ONNX.
    """
    check_onnx_file(path)
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf's own, which is no package that this room may import
        raise ModelError(
            received=f"{path}, unreadable ({' '.join(str(error).split())[:120]})",
            expected="an ONNX network",
            fix="check the path, or export the network again",
        ) from error
    _keep_constants_apart(model.graph)
    _name_nodes(model.graph)
    return model


def read_network(model: Model) -> onnx.ModelProto:
    """Read the ONNX of a model that is to be quantised.

    Raises:
        ModelError: It is not what its sidecar says, is not float32, or is quantised already.
    """
    network = read_onnx(model.path)
    graph = Graph(network)
    model.check_counts(len(graph.inputs), len(graph.outputs))
    image = next(i for i in network.graph.input if i.name == graph.inputs[0])
    model.check_io(_spec(image), _spec(network.graph.output[0]))
    _check_float32(model.path, graph)
    return network


def _check_float32(path: Path, graph: Graph) -> None:
    quantised = next(graph.of_kind("QuantizeLinear", "DequantizeLinear"), None)
    halves = [t.name for t in graph.constants.values() if t.data_type == TensorProto.FLOAT16]
    if quantised is None and not halves:
        return
    found = f"the node {quantised.name}" if quantised is not None else f"half-precision {halves[0]}"
    raise ModelError(
        received=f"{path.name} with {found}",
        expected="a float32 network",
        fix="give the network as it was exported, before any quantisation",
    )


def _keep_constants_apart(graph: onnx.GraphProto) -> None:
    kept = []
    for node in graph.node:
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if node.op_type != "Constant" or value is None:
            kept.append(node)
            continue
        # A copy under the tensor's own name: that of the attribute's tensor is another, or empty.
        graph.initializer.append(
            numpy_helper.from_array(numpy_helper.to_array(value), node.output[0])
        )
    del graph.node[:]
    graph.node.extend(kept)


def _name_nodes(graph: onnx.GraphProto) -> None:
    taken: set[str] = set()
    for index, node in enumerate(graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.name or node.op_type}_{index}"
        taken.add(node.name)


def _spec(value: onnx.ValueInfoProto) -> TensorSpec:
    tensor = value.type.tensor_type
    axes = tuple(a.dim_value if a.HasField("dim_value") else None for a in tensor.shape.dim)
    return TensorSpec(value.name, axes, _TYPES.get(tensor.elem_type, f"type {tensor.elem_type}"))
