"""FCN-8s on EfficientNet-Lite0.

As in FCN-8s (Long, Shelhamer, Darrell, 2015, section 4.2) what is known at strides 32, 16 and 8 is
brought to one width, upsampled by two at a time and summed. Two things differ: features are summed
rather than class scores, so that one 3x3 convolution can weigh them before the classifier, and a
few dilated convolutions at stride 32, where they cost little, widen what each cell sees.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from segmentation_node.training.networks.efficientnet_lite import (
    TAPS,
    EfficientNetLite0,
    batch_norm,
)

STRIDE = 8
MULTIPLE = 32
CONTEXT_CHANNELS = 128
CONTEXT_DILATIONS = (1, 3)
DECODER_CHANNELS = 64
MOMENTUM = 0.1
"""Of the new layers' statistics, which start from nothing; the encoder's start nearly right."""


def convolution(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation and ReLU6, size kept; one convolution once folded."""
    padding = dilation * (kernel // 2)
    layer = nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False)
    return nn.Sequential(layer, batch_norm(outputs, MOMENTUM), nn.ReLU6())


def lateral(inputs: int, outputs: int = DECODER_CHANNELS) -> nn.Sequential:
    """A 1x1 projection of features to the decoder's width, with no activation."""
    layer = nn.Conv2d(inputs, outputs, 1, bias=False)
    return nn.Sequential(layer, batch_norm(outputs, MOMENTUM))


def double(features: Tensor) -> Tensor:
    """Features (N, C, H, W) to (N, C, 2H, 2W), bilinear with half-pixel centres."""
    return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)


class Fcn8sLite0(nn.Module):  # type: ignore[misc]
    """FCN-8s on EfficientNet-Lite0: image at stride 1, logits at stride 8.

    Args:
        num_classes: Channels of the logits.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        _, stride8, stride16, stride32 = (TAPS[index] for index in sorted(TAPS))
        self.encoder = EfficientNetLite0()
        self.reduce = convolution(stride32, CONTEXT_CHANNELS, 1)
        self.context = nn.ModuleList(
            convolution(CONTEXT_CHANNELS, CONTEXT_CHANNELS, 3, dilation)
            for dilation in CONTEXT_DILATIONS
        )
        self.lateral32 = lateral(CONTEXT_CHANNELS)
        self.lateral16 = lateral(stride16)
        self.lateral8 = lateral(stride8)
        self.fuse = convolution(DECODER_CHANNELS, DECODER_CHANNELS, 3)
        self.dropout = nn.Dropout2d(0.1)
        self.classify = nn.Conv2d(DECODER_CHANNELS, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, 3, H, W), normalised, H and W multiples of 32, to logits (N, C, H/8, W/8)."""
        logits: Tensor = self.classify(self.dropout(self.fused(image)[1]))
        return logits

    def fused(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """What the logits are made of.

        Returns:
            The encoder's features at stride 4, (N, 24, H/4, W/4), and what all strides from 8 on
            give together, (N, 64, H/8, W/8).
        """
        stride4, stride8, stride16, stride32 = self.encoder(image)
        context = self.reduce(stride32)
        for layer in self.context:
            context = context + layer(context)
        summed = double(self.lateral32(context)) + self.lateral16(stride16)
        summed = double(summed) + self.lateral8(stride8)
        return stride4, self.fuse(summed)
