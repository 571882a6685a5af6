"""The table of networks: one row each, with what export and training need to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import nn

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_ALL, LabelSet
from segmentation_node.errors import ConfigError, meant
from segmentation_node.training.networks import (
    fcn4s_lite0,
    fcn8s_lite0,
    fcn_alexnet,
    fcn_vgg16,
    vgg16,
)

# What torchvision's weights were trained with: 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225 of 255.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


@dataclass(frozen=True)
class Published:
    """Weights that people have from elsewhere and may start a network from.

    Args:
        name: What torchvision calls the network; empty where there are none.
        layers: Name there of each layer here that can take its weights.
        remark: One sentence on the layers that cannot.
    """

    name: str = ""
    layers: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True)
class NetworkEntry:
    """A network that can be trained and exported.

    Args:
        name: Its name on the command line.
        title: What it is, in words, for model cards.
        create: Makes it for a number of classes, with random weights.
        pretrain: Fills in ImageNet weights where there are some for it.
        freeze_early: Keeps its first layers as they are for the rest of a run.
        classifier: Name of its last layer, whose bias the logits have.
        stride: Input pixels per pixel of its logits.
        multiple: Pixels; its input's height and width are multiples of it.
        mean: (3,) float RGB in 0..255, taken off each pixel.
        std: (3,) float RGB in 0..255, each pixel is divided by it.
        labels: What its channels mean where nobody says otherwise.
        published: Weights of others that its encoder can start from.
    """

    name: str
    title: str
    create: Callable[[int], nn.Module]
    pretrain: Callable[[nn.Module], None]
    freeze_early: Callable[[nn.Module], None]
    classifier: str
    stride: int
    multiple: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    labels: LabelSet = CAMVID_11
    published: Published = field(default_factory=Published)

    @property
    def pad(self) -> tuple[int, int, int]:
        """(3,) int RGB: the colour that is nearest to zero at the network's input."""
        red, green, blue = (round(value) for value in self.mean)
        return red, green, blue


def _pretrain_lite0(network: nn.Module) -> None:
    network.encoder.load_imagenet()


def _no_weights(_: nn.Module) -> None:
    """No ImageNet weights come with the package; `training.init` takes the user's."""


def _freeze_early(network: nn.Module) -> None:
    network.encoder.freeze_early()


def _lite0(name: str, title: str, create: Callable[[int], nn.Module], stride: int) -> NetworkEntry:
    """The row of a network on EfficientNet-Lite0, normalised as its ImageNet weights want it."""
    return NetworkEntry(
        name=name,
        title=title,
        create=create,
        pretrain=_pretrain_lite0,
        freeze_early=_freeze_early,
        classifier="classify",
        stride=stride,
        multiple=fcn8s_lite0.MULTIPLE,
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
    )


def _classic(
    name: str, title: str, create: Callable[[int], nn.Module], published: Published
) -> NetworkEntry:
    """The row of a network of the paper or the article: logits at the size of the image."""
    return NetworkEntry(
        name=name,
        title=title,
        create=create,
        pretrain=_no_weights,
        freeze_early=_freeze_early,
        classifier=fcn_vgg16.OUTPUT,
        stride=fcn_vgg16.STRIDE,
        multiple=fcn_vgg16.MULTIPLE,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        labels=CITYSCAPES_ALL,
        published=published,
    )


_VGG16 = Published(
    "vgg16",
    {f"encoder.{ours}": theirs for ours, theirs in vgg16.TORCHVISION.items()},
    "conv6 and conv7 are 1x1 here, as in the paper, and cannot take the fully connected layers.",
)
_ALEXNET = Published(
    "alexnet",
    {f"encoder.{ours}": theirs for ours, theirs in fcn_alexnet.TORCHVISION.items()},
)

_ENTRIES = (
    _lite0(
        "fcn4s_lite0",
        "FCN on EfficientNet-Lite0 with skips at strides 16, 8 and 4",
        fcn4s_lite0.Fcn4sLite0,
        fcn4s_lite0.STRIDE,
    ),
    _lite0(
        "fcn8s_lite0", "FCN-8s on EfficientNet-Lite0", fcn8s_lite0.Fcn8sLite0, fcn8s_lite0.STRIDE
    ),
    _classic("fcn8s", "FCN-8s on VGG16", fcn_vgg16.fcn8s, _VGG16),
    _classic("fcn16s", "FCN-16s on VGG16", fcn_vgg16.fcn16s, _VGG16),
    _classic("fcn32s", "FCN-32s on VGG16", fcn_vgg16.fcn32s, _VGG16),
    _classic("fcn_alexnet", "FCN-AlexNet", fcn_alexnet.FcnAlexNet, _ALEXNET),
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
    raise ConfigError(
        f"the network {name!r}", "one of " + ", ".join(NETWORKS), meant(name, NETWORKS)
    )


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
