"""Exports a network to a single ONNX file with dynamic height and width."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from segmentation_node.files import write_whole
from segmentation_node.training.fold import folded

OPSET = 17
INPUT, OUTPUT = "image", "logits"
_EXAMPLE_SIDES = 2, 3  # in multiples of the network's own multiple; any will do


def export_onnx(network: nn.Module, path: Path, *, multiple: int, stride: int) -> None:
    """Write a network as ONNX: `image` (1, 3, H, W) float32 to `logits` (1, C, H/s, W/s).

    Args:
        network: In any mode and on any device; it is left as it is.
        path: Where to write; replaced in one step, so that no reader sees half a file.
        multiple: Pixels; H and W are multiples of it.
        stride: Input pixels per pixel of the logits.

    Raises:
        OutputError: The file cannot be written.
    """
    model = onnx.load_from_string(_traced(folded(network).cpu(), multiple, stride))
    _drop_identities(model.graph)
    onnx.checker.check_model(model, full_check=True)
    write_whole(path, model.SerializeToString())


def _traced(network: nn.Module, multiple: int, stride: int) -> bytes:
    example = torch.zeros(1, 3, *(side * multiple for side in _EXAMPLE_SIDES))
    over = f"_over_{stride}" if stride > 1 else ""
    axes = {
        INPUT: {2: "height", 3: "width"},
        OUTPUT: {2: f"height{over}", 3: f"width{over}"},
    }
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter by tracing is enough for networks without control flow, and unlike the newer
        # one needs no further package.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (example,),
            buffer,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes=axes,
        )
    return buffer.getvalue()


def _drop_identities(graph: onnx.GraphProto) -> None:
    """Let each user of an Identity read its source, so that weights are seen to be constants."""
    sources = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    kept = [node for node in graph.node if node.op_type != "Identity"]
    for node in kept:
        for index, name in enumerate(node.input):
            node.input[index] = sources.get(name, name)
    del graph.node[:]
    graph.node.extend(kept)
