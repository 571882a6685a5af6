"""Folds batch normalisation into the convolution before it, exactly, for inference."""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Module) -> nn.Module:
    """A copy of a network, for inference only, whose batch normalisations are gone.

    Every BatchNorm2d must follow its convolution in the order in which its parent lists them, as
    it does in the networks of this package.

    Args:
        network: Any; it is left as it is.
    """
    network = copy.deepcopy(network).eval()
    for parent in list(network.modules()):
        _fold_children(parent)
    return network


def _fold_children(parent: nn.Module) -> None:
    before: tuple[str, nn.Module] | None = None
    for name, child in list(parent.named_children()):
        if isinstance(child, nn.BatchNorm2d) and before and isinstance(before[1], nn.Conv2d):
            setattr(parent, before[0], _fused(before[1], child))
            setattr(parent, name, nn.Identity())
        before = (name, child)


def _fused(layer: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    layer = copy.copy(layer)
    fused: nn.Conv2d = fuse_conv_bn_eval(layer, norm)
    return fused
