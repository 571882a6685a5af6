"""What networks are made of that PyTorch does not have."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

FIRST_LOGITS = 0.1
"""Spread of the first logits, against that of the layers before."""


class Float32Conv2d(nn.Conv2d):  # type: ignore[misc]
    """A convolution that a processor works out in float32, whatever autocast says.

    For layers whose bfloat16 gradient is slow, or wrong, in oneDNN.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, C, H, W) to what a convolution makes of them, in their own type."""
        if features.dtype is not torch.bfloat16 or features.device.type != "cpu":
            return super().forward(features)
        with torch.autocast("cpu", enabled=False):
            return super().forward(features.float()).bfloat16()


def scores_of(inputs: int, num_classes: int) -> Float32Conv2d:
    """A 1x1 convolution from features to the scores of the classes.

    In float32 on a processor: with PyTorch 2.13 on one with AMX, the bfloat16 gradient of 3072
    channels and more to fewer than 16 writes beyond its memory, and the process dies.

    Args:
        inputs: Channels of the features.
        num_classes: Channels of the scores.
    """
    return Float32Conv2d(inputs, num_classes, 1)


class Sum(nn.Module):  # type: ignore[misc]
    """Adds a skip to what comes up; a module, so that a table of layers can name it."""

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """Two tensors of the same shape to their sum."""
        return coarse + skip


def upsampling(inputs: int, outputs: int, kernel: int, stride: int) -> nn.ConvTranspose2d:
    """A transposed convolution that multiplies height and width by its stride, exactly.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        kernel: Side of the kernel, pixels; as even or odd as the stride.
        stride: Factor.
    """
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding=(kernel - stride) // 2)


def scaled(channels: int, width: float) -> int:
    """A number of channels times a factor, at least 1."""
    return max(round(channels * width), 1)


def fill_random(network: nn.Module, last: nn.ConvTranspose2d) -> None:
    """Random weights that keep the spread of activations from layer to layer; biases of zero.

    He et al., "Delving deep into rectifiers", 2015, equation 10, for convolutions before a ReLU.
    A transposed convolution has no ReLU behind it, and each of its outputs sees `kernel / stride`
    taps along each axis. PyTorch's own defaults let the signal fade in sixteen layers without
    normalisation, and such a network does not begin to learn. Logits begin small, all classes
    alike, so that the first steps need not undo a confidence that nothing has earned.

    Args:
        network: To be filled.
        last: Its layer that gives the logits.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.ConvTranspose2d):
            taps = layer.in_channels * (layer.kernel_size[0] / layer.stride[0]) ** 2
            nn.init.normal_(layer.weight, std=1 / math.sqrt(taps))
            nn.init.zeros_(layer.bias)
    with torch.no_grad():
        last.weight.mul_(FIRST_LOGITS)
