"""Turns a network into half precision, with float32 at both ends.

The conversion is ONNX Runtime's. What it needs is done around it: constants stand apart (it would
put a Cast between a Resize and its scales, which TensorRT's parser refuses), the opset is one whose
Q/DQ nodes take half precision, weights that half precision cannot hold are an error rather than cut
off in silence, and the Cast at the input goes to the front, where the order of nodes wants it.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper, version_converter
from onnxruntime.transformers.float16 import convert_float_to_float16

from segmentation_node.errors import ModelError
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.half_rules import LEAST_OPSET

_LEAST_IR = 9
"""The file format version that opset 19 came with."""


def to_half(network: onnx.ModelProto) -> onnx.ModelProto:
    """Turn a network into half precision; its input and its logits stay float32.

    Args:
        network: In float32, with or without Q/DQ nodes; it is left as it is.

    Raises:
        ModelError: A weight is larger than half precision can tell.
    """
    _check_range(network)
    half = convert_float_to_float16(
        _with_opset(network), keep_io_types=True, op_block_list=[], disable_shape_infer=True
    )
    _sort_casts(half.graph)
    del half.graph.value_info[:]
    onnx.checker.check_model(half, full_check=True)
    return half


def _check_range(network: onnx.ModelProto) -> None:
    limit = float(np.finfo(np.float16).max)
    graph = Graph(network)
    for node in graph.weighted():
        for name in node.input[1:]:
            tensor = graph.constants.get(name)
            if tensor is None or tensor.data_type != TensorProto.FLOAT:
                continue
            largest = float(np.abs(numpy_helper.to_array(tensor)).max(initial=0))
            if not largest <= limit:
                raise ModelError(
                    received=f"a weight of {largest:g} in {node.name}",
                    expected=f"at most {limit:g}, the largest number of half precision",
                    fix="fold batch normalisation before export, or keep the network in float32",
                )


def _with_opset(network: onnx.ModelProto) -> onnx.ModelProto:
    found = next(o.version for o in network.opset_import if o.domain in {"", "ai.onnx"})
    raised = onnx.ModelProto()
    raised.CopyFrom(network)
    if found < LEAST_OPSET:
        raised = version_converter.convert_version(network, LEAST_OPSET)
    raised.ir_version = max(raised.ir_version, _LEAST_IR)
    return raised


def _sort_casts(graph: onnx.GraphProto) -> None:
    inputs = {value.name for value in graph.input}
    first = [n for n in graph.node if n.op_type == "Cast" and n.input[0] in inputs]
    rest = [n for n in graph.node if n not in first]
    del graph.node[:]
    graph.node.extend([*first, *rest])
