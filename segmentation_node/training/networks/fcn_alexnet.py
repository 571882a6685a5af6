"""FCN-AlexNet, the article's network: AlexNet with its fully connected layers as convolutions.

The article gives no table of layers, but the size of the weights, about 240 MB in FP32. The
convolutions are those of Krizhevsky, "One weird trick for parallelizing convolutional neural
networks", 2014, which have published weights in torchvision. The fully connected layers become a
6x6 and two 1x1 convolutions, as in Long, Shelhamer and Darrell, 2015, section 3.1, whose
FCN-AlexNet upsamples in one step by 32 with a kernel of twice the stride, as here.

Theirs pads the image by 100 pixels and cuts the logits to size. Here each layer up to the last
pooling divides height and width exactly, and the 6x6 convolution, padded by three cells, gives one
cell more than it reads: cells stand on the corners of the 32x32 squares of the image, every pixel
lies between four of them, and a cell has its receptive field around its corner, to 1.5 pixels.
"""

from __future__ import annotations

from types import MappingProxyType

from torch import Tensor, nn
from torch.nn import functional

from segmentation_node.training.networks.layers import fill_random, scaled, scores_of

HEAD_CHANNELS = 4096
DROPOUT = 0.5

TORCHVISION = MappingProxyType(
    {
        "conv1": "features.0",
        "conv2": "features.3",
        "conv3": "features.6",
        "conv4": "features.8",
        "conv5": "features.10",
        "conv6": "classifier.1",
        "conv7": "classifier.4",
    }
)
"""Names of the layers in torchvision's alexnet."""


class AlexNet(nn.Module):  # type: ignore[misc]
    """The encoder: image to scores of the classes, 32 pixels apart.

    Args:
        num_classes: Channels of the scores.
        width: Factor of all channels but those of image and scores; AlexNet's own is 1.
    """

    def __init__(self, num_classes: int, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, fourth = (scaled(count, width) for count in (64, 192, 384, 256))
        head = scaled(HEAD_CHANNELS, width)
        self.conv1 = nn.Conv2d(3, first, 11, 4, padding=4)
        self.pool1 = nn.MaxPool2d(3, 2, padding=1)
        self.conv2 = nn.Conv2d(first, second, 5, padding=2)
        self.pool2 = nn.MaxPool2d(3, 2, padding=1)
        self.conv3 = nn.Conv2d(second, third, 3, padding=1)
        self.conv4 = nn.Conv2d(third, fourth, 3, padding=1)
        self.conv5 = nn.Conv2d(fourth, fourth, 3, padding=1)
        # Windows that begin at their cell, not before it: that centres the receptive fields.
        self.pool5 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv6 = nn.Conv2d(fourth, head, 6, padding=3)
        self.conv7 = nn.Conv2d(head, head, 1)
        self.dropout = nn.Dropout(DROPOUT)
        self.conv1by1 = scores_of(head, num_classes)

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, 3, H, W), normalised, to scores (N, C, H/32 + 1, W/32 + 1)."""
        features = self.pool1(_relu(self.conv1(image)))
        features = self.pool2(_relu(self.conv2(features)))
        features = _relu(self.conv4(_relu(self.conv3(features))))
        features = self.pool5(_relu(self.conv5(features)))
        features = self.dropout(_relu(self.conv6(features)))
        features = self.dropout(_relu(self.conv7(features)))
        scores: Tensor = self.conv1by1(features)
        return scores

    def freeze_early(self) -> None:
        """Keep the first convolution as it is from now on."""
        self.conv1.requires_grad_(False)


class Decoder(nn.Module):  # type: ignore[misc]
    """From scores to logits in one step.

    Args:
        num_classes: Channels of the scores and of the logits.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        # Half a kernel off each side: what a cell on the image's edge says of the outside.
        self.output = nn.ConvTranspose2d(num_classes, num_classes, 64, 32, padding=32)

    def forward(self, scores: Tensor) -> Tensor:
        """Scores (N, C, H/32 + 1, W/32 + 1) to logits (N, C, H, W)."""
        logits: Tensor = self.output(scores)
        return logits


class FcnAlexNet(nn.Module):  # type: ignore[misc]
    """FCN-AlexNet with random weights: image to logits at its own size.

    Args:
        num_classes: Channels of the logits.
        width: Factor of the encoder's channels.
    """

    def __init__(self, num_classes: int, width: float = 1.0) -> None:
        super().__init__()
        self.encoder = AlexNet(num_classes, width)
        self.decoder = Decoder(num_classes)
        fill_random(self, self.decoder.output)

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, 3, H, W), normalised, H and W multiples of 32, to logits (N, C, H, W)."""
        logits: Tensor = self.decoder(self.encoder(image))
        return logits


def _relu(features: Tensor) -> Tensor:
    return functional.relu(features, inplace=True)
