"""What a network consists of, layer by layer: activations, parameters and operations.

The form is that of the paper's tables 1 and 2, and so is what counts as an activation: the result
of every convolution, pooling and upsampling in float32, and both operands of an addition.
Activation functions work in place and batch normalisations are part of their convolutions.
Operations are two for each multiplication in a convolution; all else is left out.

The network is run on torch's `meta` device, which works with shapes alone: no memory, no time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.module_tracker import ModuleTracker

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.training.fold import folded
from segmentation_node.training.networks import build, network_entry

FLOAT_BYTES = 4
ENCODER, DECODER = "encoder", "decoder"

_ATEN = torch.ops.aten
_KINDS = {
    _ATEN.add: "add",
    _ATEN.max_pool2d_with_indices: "pool",
    _ATEN.upsample_bilinear2d: "upsample",
}


@dataclass(frozen=True)
class Layer:
    """One line of the table.

    Args:
        name: Path of the module in the network.
        kind: What it does, as `3x3-64` for 64 filters of 3x3.
        shape: (height, width, channels) of what it gives.
        activations: Numbers that count as its activations.
        parameters: Weights and biases.
        flops: Operations for one image.
    """

    name: str
    kind: str
    shape: tuple[int, int, int]
    activations: int
    parameters: int = 0
    flops: int = 0

    @property
    def counted_twice(self) -> bool:
        """Whether its activations are two arrays: the operands of an addition."""
        return self.kind == _KINDS[_ATEN.add]

    @property
    def part(self) -> str:
        """`encoder` or `decoder`: the decoder is all that is not the encoder."""
        return ENCODER if self.name.startswith(f"{ENCODER}.") else DECODER


@dataclass(frozen=True)
class Totals:
    """Sums over layers.

    Args:
        activation_bytes: In float32, for one image.
        parameters: Weights and biases.
        parameter_bytes: In float32.
        flops: Operations for one image.
    """

    activation_bytes: int
    parameters: int
    parameter_bytes: int
    flops: int


@dataclass(frozen=True)
class Summary:
    """The table of a network.

    Args:
        network: Its name.
        size: Of the image.
        num_classes: Channels of its logits.
        layers: In the order in which they run.
    """

    network: str
    size: NetworkSize
    num_classes: int
    layers: tuple[Layer, ...]

    def totals(self, part: str | None = None) -> Totals:
        """Sums over the encoder, the decoder, or all layers."""
        layers = [layer for layer in self.layers if part in {None, layer.part}]
        parameters = sum(layer.parameters for layer in layers)
        return Totals(
            activation_bytes=FLOAT_BYTES * sum(layer.activations for layer in layers),
            parameters=parameters,
            parameter_bytes=FLOAT_BYTES * parameters,
            flops=sum(layer.flops for layer in layers),
        )

    def to_mapping(self) -> dict[str, Any]:
        """The table as plain numbers, strings, lists and mappings."""
        return {
            "network": self.network,
            "size": str(self.size),
            "num_classes": self.num_classes,
            "layers": [{**vars(layer), "shape": list(layer.shape)} for layer in self.layers],
            "totals": {
                name: vars(self.totals(part))
                for name, part in ((ENCODER, ENCODER), (DECODER, DECODER), ("all", None))
            },
        }


def summarise(name: str, size: NetworkSize, num_classes: int | None = None) -> Summary:
    """The table of a network of the registry.

    Args:
        name: Its name.
        size: Of the image.
        num_classes: Channels of its logits; None takes the network's own labels.

    Raises:
        ConfigError: There is no such network, or it cannot run at that size.
    """
    entry = network_entry(name)
    if size.height % entry.multiple or size.width % entry.multiple:
        raise ConfigError(
            received=f"the size {size} for {name}",
            expected=f"multiples of {entry.multiple} pixels",
            fix=f"give --size as 256x512, height x width, both multiples of {entry.multiple}",
        )
    classes = entry.labels.num_classes if num_classes is None else num_classes
    if classes < 1:
        raise ConfigError(f"{classes} classes", "at least 1", "correct --classes")
    with torch.device("meta"), torch.no_grad():
        network = folded(build(name, classes, pretrained=False))
        image = torch.zeros(1, 3, size.height, size.width)
        with ModuleTracker() as modules, _Recorder(modules) as recorder:
            network(image)
    return Summary(name, size, classes, tuple(recorder.layers))


class _Recorder(TorchDispatchMode):  # type: ignore[misc]
    """Writes down the operations that go by, each under the module that asked for it."""

    def __init__(self, modules: ModuleTracker) -> None:
        super().__init__()
        self.modules = modules
        self.layers: list[Layer] = []

    def __torch_dispatch__(
        self, operation: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        kind = operation.overloadpacket
        if kind is _ATEN.convolution:
            self.layers.append(_convolution(self._name(), result, *args))
        elif kind in _KINDS:
            # Pooling gives where the largest values were as well.
            tensor = result[0] if isinstance(result, tuple) else result
            counts = 2 if kind is _ATEN.add else 1
            layer = Layer(self._name(), _KINDS[kind], _shape(tensor), counts * tensor.numel())
            self.layers.append(layer)
        return result

    def _name(self) -> str:
        """Path of the innermost module under way, without the network's own class."""
        deepest: str = max(self.modules.parents, key=lambda name: name.count("."))
        return deepest.partition(".")[2]


def _convolution(
    name: str,
    result: Tensor,
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    _padding: Sequence[int],
    _dilation: Sequence[int],
    transposed: bool,
    *_rest: object,
) -> Layer:
    kernel = f"{weight.shape[2]}x{weight.shape[3]}-{result.shape[1]}"
    step = f"/{stride[0]}" if stride[0] > 1 else ""
    # Each number that goes in (transposed), or comes out, meets one filter.
    meeting = inputs if transposed else result
    return Layer(
        name=name,
        kind=("transposed " if transposed else "") + kernel + step,
        shape=_shape(result),
        activations=result.numel(),
        parameters=weight.numel() + (0 if bias is None else bias.numel()),
        flops=2 * meeting.numel() * weight[0].numel(),
    )


def _shape(tensor: Tensor) -> tuple[int, int, int]:
    _, channels, height, width = tensor.shape
    return height, width, channels
