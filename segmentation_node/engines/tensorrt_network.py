"""Reads an ONNX into a strongly typed TensorRT network, and checks what came in.

The parser takes an empty file for a network without layers, and says of most other faults no more
than which assertion of its source failed; so each is looked for here and told in one sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from segmentation_node.engines.converted import how_to_make
from segmentation_node.engines.tensorrt_flavour import TensorRt
from segmentation_node.engines.tensorrt_log import MESSAGES, logger_of
from segmentation_node.errors import FixedBatchError, ModelError
from segmentation_node.model import Model, TensorSpec

_WEIGHTED = ("CONVOLUTION", "DECONVOLUTION", "MATRIX_MULTIPLY")
_PRECISIONS = {"FLOAT": "fp32", "HALF": "fp16", "BF16": "bf16", "INT8": "int8", "FP8": "fp8"}
_NUMPY = {"FLOAT": "float32", "HALF": "float16"}


@dataclass(frozen=True)
class ParsedNetwork:
    """A network that is ready to be built.

    Args:
        definition: TensorRT's network.
        parser: Its parser, which owns the weights as long as the network is used.
        input: The image input.
        output: The logits.
        layers: How many layers have weights, by the type that they compute in.
    """

    definition: Any
    parser: Any
    input: TensorSpec
    output: TensorSpec
    layers: Mapping[str, int]

    @property
    def precision(self) -> str:
        """What most layers with weights compute in; int8 where any is quantised."""
        if "int8" in self.layers:
            return "int8"
        return max(self.layers, key=lambda name: self.layers[name], default="fp32")


def parse_network(tensorrt: TensorRt, builder: Any, model: Model) -> ParsedNetwork:
    """Read a model's ONNX.

    Args:
        tensorrt: The library.
        builder: Its builder.
        model: The model, whose sidecar the ONNX must agree with.

    Raises:
        ModelError: The ONNX cannot be read or built, has no outputs, or disagrees with the
            sidecar.
    """
    definition = builder.create_network(tensorrt.strongly_typed)
    parser = tensorrt.api.OnnxParser(definition, logger_of(tensorrt))
    # The path lets the parser find weights that the ONNX keeps in files of their own.
    if not parser.parse(model.path.read_bytes(), str(model.path)):
        raise _unparsed(tensorrt, parser, model)
    model.check_counts(definition.num_inputs, definition.num_outputs)
    ends = definition.get_input(0), definition.get_output(0)
    given, logits = (spec_of(end.name, end.shape, end.dtype) for end in ends)
    return ParsedNetwork(definition, parser, given, logits, _layers(tensorrt, definition))


def check_precision(network: ParsedNetwork, asked: str, model: Model) -> None:
    """Check that an ONNX is of the precision that was asked for.

    Raises:
        ModelError: It is not; the message says how to make one that is.
    """
    if network.precision == asked:
        return
    counts = ", ".join(f"{count} in {name}" for name, count in network.layers.items())
    raise ModelError(
        received=f"{model.path.name}, an ONNX in {network.precision} (layers with weights: "
        f"{counts or 'none'})",
        expected=f"one in {asked}, since TensorRT takes the precision from the ONNX",
        fix=_how_to_get(asked, network.precision, model),
    )


def _how_to_get(asked: str, found: str, model: Model) -> str:
    if asked == "fp32":
        return f"ask for {found}, or give the network's float32 ONNX"
    if found != "fp32":
        return f"ask for {found}, or give the network's {asked} ONNX"
    return how_to_make(model, asked)


def fix_shape(network: ParsedNetwork, shape: tuple[int, int, int, int], model: Model) -> None:
    """Give the network its one size, and check that the ONNX is what its sidecar says.

    A network of any size is built faster and runs faster as one of a single size; TensorRT for RTX
    would compile its kernels only while it runs. One that was exported for one image is widened
    to a batch: its layers know no batch, unless one of them reshapes. With a batch of several that
    axis alone stays open, as the profile says how many images there may be.

    Raises:
        FixedBatchError: A layer fixes how many images it takes.
        ModelError: It cannot have that shape, or is not what its sidecar says.
    """
    model.check_io(network.input, network.output)
    batch, _, height, width = shape
    images = 1 if batch == 1 else -1
    network.definition.get_input(0).shape = (images, *shape[1:])
    found = tuple(network.definition.get_output(0).shape)
    wanted = (batch, model.labels.num_classes, height // model.stride, width // model.stride)
    if found[0] not in {images, -1}:
        raise FixedBatchError(
            received=f"a batch of {batch} for {model.path.name}, whose input is {network.input} "
            f"and whose layers fix the batch",
            expected=f"a batch of {network.input.shape[0]}",
            fix="ask for that, or export the network with a dynamic batch",
        )
    if any(size not in {-1, right} for size, right in zip(found, wanted, strict=True)):
        raise ModelError(
            received=f"logits of {_times(found)} for an input of {_times(shape)} from "
            f"{model.path.name}",
            expected=f"{_times(wanted)}: stride {model.stride}, as "
            f"{model.path.with_suffix('.yaml').name} says",
            fix="correct the stride in the sidecar, or export the network again",
        )


def _times(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape))


def _unparsed(tensorrt: TensorRt, parser: Any, model: Model) -> ModelError:
    error = parser.get_error(0) if parser.num_errors else None
    if error is None or not error.node_operator():
        why = " ".join(error.desc().split()) if error else MESSAGES.last_errors()
        return _refused(f"{model.path.name}, which {tensorrt} cannot read ({why})")
    named = f" {error.node_name()!r}" if error.node_name() else ""
    more = f", and {parser.num_errors - 1} more" if parser.num_errors > 1 else ""
    why = " ".join(error.desc().split()) or MESSAGES.last_errors(1)
    return _refused(
        f"node {error.node()}{named}, a {error.node_operator()}, in {model.path.name} that "
        f"{tensorrt} cannot build ({why}{more})"
    )


def _refused(received: str) -> ModelError:
    return ModelError(
        received=received,
        expected="an ONNX of operators that it knows",
        fix="export the network again, with other operators or another opset",
    )


def spec_of(name: str, shape: Iterable[int], dtype: Any) -> TensorSpec:
    """Describe one of TensorRT's tensors.

    Args:
        name: Its name.
        shape: Its axes, below 0 where they are dynamic.
        dtype: TensorRT's type of it.
    """
    axes = tuple(None if size < 0 else int(size) for size in shape)
    return TensorSpec(name, axes, _NUMPY.get(dtype.name, dtype.name))


def _layers(tensorrt: TensorRt, definition: Any) -> dict[str, int]:
    """Count the layers with weights by type; a quantised one is fed by a DequantizeLinear."""
    kinds = tensorrt.api.LayerType
    weighted = {getattr(kinds, name) for name in _WEIGHTED}
    layers = [definition.get_layer(index) for index in range(definition.num_layers)]
    dequantised = {layer.get_output(0).name for layer in layers if layer.type == kinds.DEQUANTIZE}
    return dict(
        Counter(
            "int8" if layer.get_input(0).name in dequantised else _type_of(layer)
            for layer in layers
            if layer.type in weighted
        )
    )


def _type_of(layer: Any) -> str:
    name = str(layer.get_output(0).dtype.name)
    return _PRECISIONS.get(name, name.lower())
