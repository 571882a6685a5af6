"""FCN-8s, FCN-16s and FCN-32s on VGG16, as in the paper (its section 3.2, table 2 and figure 3).

The encoder's scores at stride 32 are upsampled by transposed convolutions until the logits have
the size of the image. What the three differ in is how many poolings are added on the way: two, one
or none. Poolings are added as they are, which is why a transposed convolution gives as many
channels as the pooling has, and not one for each class as in Long, Shelhamer and Darrell, 2015.

Table 2 lists the layers of FCN-8s. For FCN-16s and FCN-32s the paper draws figure 3 and gives the
sizes of the models (its table 10): kernels of the upsampling's own stride, 16 and 32 pixels, are
what these sizes allow.
"""

from __future__ import annotations

from torch import Tensor, nn

from segmentation_node.training.networks.layers import Sum, fill_random, scaled, upsampling
from segmentation_node.training.networks.vgg16 import BLOCKS, Vgg16

STRIDE = 1
MULTIPLE = 32
OUTPUT = "decoder.output"

Pools = tuple[Tensor, Tensor, Tensor]


class Decoder32s(nn.Module):  # type: ignore[misc]
    """From scores to logits in one step.

    Args:
        num_classes: Channels of the scores and of the logits.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.output = upsampling(num_classes, num_classes, 32, 32)

    def forward(self, pools: Pools) -> Tensor:
        """What the encoder gives to logits (N, C, H, W)."""
        logits: Tensor = self.output(pools[2])
        return logits


class Decoder16s(nn.Module):  # type: ignore[misc]
    """From scores and pool4 to logits.

    Args:
        num_classes: Channels of the scores and of the logits.
        width: Factor of the encoder's channels.
    """

    def __init__(self, num_classes: int, width: float) -> None:
        super().__init__()
        pool4 = scaled(BLOCKS[3][0], width)
        self.up4 = upsampling(num_classes, pool4, 4, 2)
        self.skip4 = Sum()
        self.output = upsampling(pool4, num_classes, 16, 16)

    def forward(self, pools: Pools) -> Tensor:
        """What the encoder gives to logits (N, C, H, W)."""
        _, pool4, scores = pools
        logits: Tensor = self.output(self.skip4(self.up4(scores), pool4))
        return logits


class Decoder8s(nn.Module):  # type: ignore[misc]
    """From scores, pool4 and pool3 to logits: table 2.

    Args:
        num_classes: Channels of the scores and of the logits.
        width: Factor of the encoder's channels.
    """

    def __init__(self, num_classes: int, width: float) -> None:
        super().__init__()
        pool3, pool4 = scaled(BLOCKS[2][0], width), scaled(BLOCKS[3][0], width)
        self.up4 = upsampling(num_classes, pool4, 4, 2)
        self.skip4 = Sum()
        self.up3 = upsampling(pool4, pool3, 4, 2)
        self.skip3 = Sum()
        self.output = upsampling(pool3, num_classes, 16, 8)

    def forward(self, pools: Pools) -> Tensor:
        """What the encoder gives to logits (N, C, H, W)."""
        pool3, pool4, scores = pools
        fused = self.skip4(self.up4(scores), pool4)
        logits: Tensor = self.output(self.skip3(self.up3(fused), pool3))
        return logits


class FcnVgg16(nn.Module):  # type: ignore[misc]
    """An encoder and one of the decoders: image to logits at its own size.

    Args:
        encoder: VGG16.
        decoder: One of the three.
    """

    def __init__(self, encoder: Vgg16, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        fill_random(self, decoder.output)

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, 3, H, W), normalised, H and W multiples of 32, to logits (N, C, H, W)."""
        logits: Tensor = self.decoder(self.encoder(image))
        return logits


def fcn32s(num_classes: int, width: float = 1.0) -> FcnVgg16:
    """FCN-32s with random weights; `width` is a factor of the encoder's channels."""
    return FcnVgg16(Vgg16(num_classes, width), Decoder32s(num_classes))


def fcn16s(num_classes: int, width: float = 1.0) -> FcnVgg16:
    """FCN-16s with random weights; `width` is a factor of the encoder's channels."""
    return FcnVgg16(Vgg16(num_classes, width), Decoder16s(num_classes, width))


def fcn8s(num_classes: int, width: float = 1.0) -> FcnVgg16:
    """FCN-8s with random weights; `width` is a factor of the encoder's channels."""
    return FcnVgg16(Vgg16(num_classes, width), Decoder8s(num_classes, width))
