"""The small shipped network: FCN-8s on EfficientNet-Lite0 with one skip more, at stride 4.

A far pole is three pixels wide where a cell of stride 8 is eight: scores at stride 8 cannot show
it, whatever the network knows. As in the step from FCN-16s to FCN-8s (Long, Shelhamer, Darrell,
2015, section 4.2) the scores of the coarser stride are doubled and those of the finer added. The
finer ones come from the encoder's features at stride 4 together with what the coarser strides
know; they are kept thin, because at stride 4 every channel costs four times what it costs at 8.
"""

from __future__ import annotations

from torch import Tensor, nn

from segmentation_node.training.networks.efficientnet_lite import TAPS
from segmentation_node.training.networks.fcn8s_lite0 import (
    DECODER_CHANNELS,
    Fcn8sLite0,
    convolution,
    double,
    lateral,
)

STRIDE = 4
FINE_CHANNELS = 32


class Fcn4sLite0(Fcn8sLite0):
    """FCN on EfficientNet-Lite0 with skips at strides 16, 8 and 4: logits at stride 4.

    Args:
        num_classes: Channels of the logits.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes)
        self.narrow = lateral(DECODER_CHANNELS, FINE_CHANNELS)
        self.lateral4 = lateral(TAPS[min(TAPS)], FINE_CHANNELS)
        self.refine = convolution(FINE_CHANNELS, FINE_CHANNELS, 3)
        self.sharpen = convolution(FINE_CHANNELS, FINE_CHANNELS, 3)
        self.detail = nn.Conv2d(FINE_CHANNELS, num_classes, 1, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, 3, H, W), normalised, H and W multiples of 32, to logits (N, C, H/4, W/4)."""
        stride4, fused = self.fused(image)
        scores: Tensor = self.classify(self.dropout(fused))
        fine = self.refine(double(self.narrow(fused)) + self.lateral4(stride4))
        fine = fine + self.sharpen(fine)
        return double(scores) + self.detail(fine)
