"""Reads the tensors inside a network while it runs, a few at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.sessions import Session

BUDGET_BYTES = 2**28
"""Bytes of tensors read in one run. ONNX Runtime holds them, and hands out a copy of each."""

_FLOAT_BYTES = 4

Progress = Callable[[int, int], None]
Images = Iterable[NDArray[np.float32]]


def watch(
    network: onnx.ModelProto,
    tensors: Sequence[str],
    images: Callable[[], Images],
    size: NetworkSize,
    budget_bytes: int = BUDGET_BYTES,
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """Run a network over images and give its tensors.

    Where the tensors of one image do not fit the budget, they are given in groups, and the images
    are run once for each group.

    Args:
        network: In float32.
        tensors: Names of the tensors.
        images: Called once for each group; gives the network's inputs, (1, 3, h, w) float32.
        size: Size of the network's input.
        budget_bytes: Bytes of tensors to read in one run.

    Yields:
        The tensors of a group of one image, by name.
    """
    for group in groups(network, tensors, size, budget_bytes):
        inner = [name for name in group if name not in Graph(network).inputs]
        session = Session(_with_outputs(network, inner), exact=False)
        for image in images():
            values = dict(zip(inner, session.run(image, inner), strict=True)) if inner else {}
            yield values | {name: image for name in group if name not in values}


def groups(
    network: onnx.ModelProto,
    tensors: Sequence[str],
    size: NetworkSize,
    budget_bytes: int = BUDGET_BYTES,
) -> list[list[str]]:
    """Divide tensors into groups that fit a budget; one that is larger has a group of its own.

    Args:
        network: The network that they are in.
        tensors: Their names.
        size: Size of the network's input.
        budget_bytes: Bytes of one group.
    """
    sizes = _bytes_of_tensors(network, size)
    divided: list[list[str]] = [[]]
    left = budget_bytes
    for name in tensors:
        needed = sizes.get(name, budget_bytes)
        if needed > left and divided[-1]:
            divided.append([])
            left = budget_bytes
        divided[-1].append(name)
        left -= needed
    return divided


def _bytes_of_tensors(network: onnx.ModelProto, size: NetworkSize) -> dict[str, int]:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(network)
    graph = Graph(fixed)
    image = next(i for i in fixed.graph.input if i.name == graph.inputs[0])
    sides = (1, 3, size.height, size.width)
    for axis, side in zip(image.type.tensor_type.shape.dim, sides, strict=True):
        axis.dim_value = side
    inferred = onnx.shape_inference.infer_shapes(fixed).graph
    return {
        value.name: _FLOAT_BYTES * math.prod(a.dim_value for a in value.type.tensor_type.shape.dim)
        for value in (*inferred.value_info, *inferred.input, *inferred.output)
        # One whose shape is not known in full is counted as the whole budget.
        if all(a.HasField("dim_value") for a in value.type.tensor_type.shape.dim)
    }


def _with_outputs(network: onnx.ModelProto, tensors: Sequence[str]) -> onnx.ModelProto:
    tapped = onnx.ModelProto()
    tapped.CopyFrom(network)
    known = {output.name for output in tapped.graph.output}
    tapped.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in tensors
        if name not in known
    )
    return tapped
