"""The table of networks: one row each, with what export and training need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from segmentation_node.errors import ConfigError
from segmentation_node.training.networks import fcn4s_lite0, fcn8s_lite0


@dataclass(frozen=True)
class NetworkEntry:
    """A network that can be trained and exported.

    Args:
        name: Its name on the command line.
        create: Makes it for a number of classes, with random weights.
        pretrain: Fills in ImageNet weights where there are some for it.
        freeze_early: Keeps its first layers as they are for the rest of a run.
        classifier: Name of its last layer, whose bias the logits have.
        stride: Input pixels per pixel of its logits.
        multiple: Pixels; its input's height and width are multiples of it.
        mean: (3,) float RGB in 0..255, taken off each pixel.
        std: (3,) float RGB in 0..255, each pixel is divided by it.
    """

    name: str
    create: Callable[[int], nn.Module]
    pretrain: Callable[[nn.Module], None]
    freeze_early: Callable[[nn.Module], None]
    classifier: str
    stride: int
    multiple: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def _pretrain_lite0(network: nn.Module) -> None:
    network.encoder.load_imagenet()


def _freeze_lite0(network: nn.Module) -> None:
    network.encoder.freeze_early()


_ENTRIES = (
    NetworkEntry(
        name="fcn4s_lite0",
        create=fcn4s_lite0.Fcn4sLite0,
        pretrain=_pretrain_lite0,
        freeze_early=_freeze_lite0,
        classifier="classify",
        stride=fcn4s_lite0.STRIDE,
        multiple=fcn8s_lite0.MULTIPLE,
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
    ),
    NetworkEntry(
        name="fcn8s_lite0",
        create=fcn8s_lite0.Fcn8sLite0,
        pretrain=_pretrain_lite0,
        freeze_early=_freeze_lite0,
        classifier="classify",
        stride=fcn8s_lite0.STRIDE,
        multiple=fcn8s_lite0.MULTIPLE,
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
    ),
)
NETWORKS = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""The networks by name."""


def network_entry(name: str) -> NetworkEntry:
    """The row of a network.

    Raises:
        ConfigError: There is none of that name.
    """
    if name in NETWORKS:
        return NETWORKS[name]
    raise ConfigError(f"the network {name!r}", "one of " + ", ".join(NETWORKS), "choose one")


def build(name: str, num_classes: int, *, pretrained: bool) -> nn.Module:
    """Make a network.

    Args:
        name: One of `NETWORKS`.
        num_classes: Channels of its logits.
        pretrained: Whether to start from ImageNet weights, where there are some for it.

    Raises:
        ConfigError: There is no network of that name.
        ModelError: The ImageNet weights are not installed.
    """
    entry = network_entry(name)
    network = entry.create(num_classes)
    if pretrained:
        entry.pretrain(network)
    return network
