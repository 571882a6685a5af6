"""Starts a network from weights that its user has: `--init FILE`.

The paper starts from VGG16 trained on ImageNet. Such weights do not come with the package
(docs/networks.md says why); torchvision's files of vgg16 and alexnet are read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.training.networks import NetworkEntry

_PARAMETERS = ("weight", "bias")
# A checkpoint of ours has this among its keys; it goes by another option.
_OURS = "averaged"
_SAVE = "save it with torch.save(network.state_dict(), FILE)"


@dataclass(frozen=True)
class InitialWeights:
    """The tensors of a file.

    Args:
        path: The file.
        sha256: Of its content, hexadecimal.
        tensors: By name.
    """

    path: Path
    sha256: str
    tensors: Mapping[str, Tensor]

    def to_mapping(self) -> dict[str, str]:
        """What records say of it."""
        return {"file": self.path.name, "sha256": self.sha256}


def read_weights(path: Path) -> InitialWeights:
    """Read a state dict, without running code that a file may carry.

    Raises:
        ModelError: The file is missing, damaged, or something else than a state dict.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        _refuse(path, str(error.strerror), "check the path")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises a dozen kinds for what it does not know
        _refuse(path, "no state dict", _SAVE)
    if isinstance(state, dict) and _OURS in state:
        _refuse(path, "a checkpoint of a training run", "give it as --checkpoint, or --resume")
    if not _is_state_dict(state):
        _refuse(path, "no state dict", _SAVE)
    return InitialWeights(path, hashlib.sha256(content).hexdigest(), state)


def start_from(network: nn.Module, entry: NetworkEntry, weights: InitialWeights) -> None:
    """Copy weights into the layers of a network that they are for; the others stay as they are.

    Args:
        network: To be filled.
        entry: Its row.
        weights: In the layout that `entry.published` names.

    Raises:
        ConfigError: There are no published weights for the network.
        ModelError: A weight is missing, has another shape, or is not finite.
    """
    if not entry.published.name:
        raise ConfigError(
            received=f"initial weights for {entry.name}",
            expected="none: it starts from ImageNet by itself",
            fix="leave --init away",
        )
    _check_names(entry, weights)
    with torch.no_grad():
        for layer, theirs in entry.published.layers.items():
            for name in _PARAMETERS:
                parameter = network.get_parameter(f"{layer}.{name}")
                parameter.copy_(_fitted(weights, f"{theirs}.{name}", parameter, entry))


def random_layers(network: nn.Module, entry: NetworkEntry) -> list[str]:
    """Names of the layers that `start_from` leaves at random."""
    layers = dict.fromkeys(name.rpartition(".")[0] for name, _ in network.named_parameters())
    return [name for name in layers if name not in entry.published.layers]


def _check_names(entry: NetworkEntry, weights: InitialWeights) -> None:
    wanted = [f"{name}.{kind}" for name in entry.published.layers.values() for kind in _PARAMETERS]
    missing = [name for name in wanted if name not in weights.tensors]
    if missing:
        raise ModelError(
            received=f"{weights.path.name} without {missing[0]} "
            f"({len(missing)} of {len(wanted)} tensors are missing)",
            expected=_layout(entry),
            fix=_fix(entry),
        )


def _fitted(
    weights: InitialWeights, name: str, parameter: nn.Parameter, entry: NetworkEntry
) -> Tensor:
    """A tensor in the shape of a parameter; a fully connected layer becomes a convolution."""
    found = weights.tensors[name]
    flat = found.ndim == 2 and parameter.ndim == 4 and len(found) == len(parameter)
    same = found.shape == parameter.shape or (flat and found.numel() == parameter.numel())
    if not same or not found.is_floating_point():
        raise ModelError(
            received=f"{name} of shape {_shape(found)} in {weights.path.name}",
            expected=f"{_shape(parameter)}, as in {_layout(entry)}",
            fix=_fix(entry),
        )
    if not torch.isfinite(found).all():
        raise ModelError(
            received=f"values in {name} of {weights.path.name} that are not finite",
            expected="numbers",
            fix="get the file again",
        )
    return found.reshape(parameter.shape)


def _is_state_dict(state: Any) -> bool:
    return (
        isinstance(state, dict)
        and bool(state)
        and all(isinstance(value, Tensor) for value in state.values())
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape)


def _layout(entry: NetworkEntry) -> str:
    return f"the state dict of torchvision's {entry.published.name}"


def _fix(entry: NetworkEntry) -> str:
    name = entry.published.name
    return f"save torchvision.models.{name}(weights='IMAGENET1K_V1').state_dict() and give that"


def _refuse(path: Path, received: str, fix: str) -> NoReturn:
    raise ModelError(f"{path} ({received})", "a state dict: tensors by name", fix) from None
