"""The networks of the package in PyTorch, read from their ONNX, to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from segmentation_node.errors import ModelError

Attributes = Mapping[str, Any]
Operator = Callable[[list[Any], Attributes], Any]


def _padding(attributes: Attributes) -> list[int]:
    top, left, *_ = pads = list(attributes.get("pads", (0, 0, 0, 0)))
    if pads != [top, left, top, left]:
        raise ModelError(f"the padding {pads}", "the same on both sides", "export it so")
    return [top, left]


def _convolve(inputs: list[Any], attributes: Attributes) -> Tensor:
    dilation = attributes.get("dilations", 1)
    return functional.conv2d(*inputs, **_strides(attributes), dilation=dilation)


def _convolve_transposed(inputs: list[Any], attributes: Attributes) -> Tensor:
    added = attributes.get("output_padding", 0)
    return functional.conv_transpose2d(*inputs, **_strides(attributes), output_padding=added)


def _strides(attributes: Attributes) -> dict[str, Any]:
    stride, groups = attributes.get("strides", 1), attributes.get("group", 1)
    return {"stride": stride, "padding": _padding(attributes), "groups": groups}


def _pool(inputs: list[Any], attributes: Attributes) -> Tensor:
    sizes = attributes["kernel_shape"], attributes.get("strides", 1), _padding(attributes)
    return functional.max_pool2d(inputs[0], *sizes, ceil_mode=bool(attributes.get("ceil_mode")))


def _resize(inputs: list[Any], attributes: Attributes) -> Tensor:
    way = attributes.get("mode"), attributes.get("coordinate_transformation_mode", b"half_pixel")
    _, scales, *sizes = attributes["numbers"]
    if way != (b"linear", b"half_pixel") or sizes or not scales:
        raise ModelError(f"a Resize by {way}", "linear by scales, half_pixel", "export it so")
    return functional.interpolate(inputs[0], scale_factor=scales[2:], mode="bilinear")


OPERATORS: Mapping[str, Operator] = {
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "Clip": lambda inputs, attributes: torch.clamp(inputs[0], *attributes["numbers"]),
    "Conv": _convolve,
    "ConvTranspose": _convolve_transposed,
    "MaxPool": _pool,
    "Relu": lambda inputs, _: functional.relu(inputs[0]),
    "Resize": _resize,
}
"""What the networks of the package are made of (ONNX operators, opset 13 and later)."""


class TorchNetwork(nn.Module):  # type: ignore[misc]
    """A network of an ONNX file, operator by operator.

    Args:
        path: The file.

    Raises:
        ModelError: It holds an operator that is not in OPERATORS.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = onnx.load(str(path)).graph
        self._input, self._output = graph.input[0].name, graph.output[0].name
        self._constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self._weights: dict[str, str] = {}
        self._steps = [step for node in graph.node for step in self._steps_of(node)]

    def forward(self, image: Tensor) -> Tensor:
        """Run the network.

        Args:
            image: (1, 3, h, w): the network's input.

        Returns:
            (1, C, h/stride, w/stride): its logits.
        """
        values = {name: getattr(self, weight) for name, weight in self._weights.items()}
        values[self._input] = image
        for operator, inputs, output, attributes in self._steps:
            values[output] = operator([values[name] for name in inputs], attributes)
        logits: Tensor = values[self._output]
        return logits

    def _steps_of(self, node: Any) -> Iterator[tuple[Operator, list[str], str, Attributes]]:
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Constant":
            self._constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
            return
        if node.op_type not in OPERATORS:
            raise ModelError(
                received=f"the operator {node.op_type}",
                expected="one of " + ", ".join(OPERATORS),
                fix="give a network of the package",
            )
        inputs = list(node.input)
        if node.op_type in {"Clip", "Resize"}:
            # Kept as numbers: to read them from tensors would wait for the GPU.
            known, inputs = inputs[1:], inputs[:1]
            attributes["numbers"] = [self._constants[n].tolist() if n else None for n in known]
        for name in inputs:
            self._keep(name)
        yield OPERATORS[node.op_type], inputs, node.output[0], attributes

    def _keep(self, name: str) -> None:
        if name in self._constants and name not in self._weights:
            weight = f"weight{len(self._weights)}"
            self.register_buffer(weight, torch.from_numpy(self._constants[name].copy()))
            self._weights[name] = weight
