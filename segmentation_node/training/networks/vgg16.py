"""VGG16 as the paper's encoder (its section 3.1 and table 1).

The thirteen 3x3 convolutions and five poolings are those of Simonyan and Zisserman, 2015,
configuration D. The three fully connected layers are 1x1 convolutions here: the paper does not
turn the first of them into a 7x7 one, as Long, Shelhamer and Darrell do, so it has 2 million
weights where theirs has 103. Layers have the table's names in lower case.
"""

from __future__ import annotations

from types import MappingProxyType

from torch import Tensor, nn
from torch.nn import functional

from segmentation_node.training.networks.layers import scaled, scores_of

# Channels and 3x3 convolutions of each block; a pooling by two ends it.
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
HEAD_CHANNELS = 4096
# Dropout of VGG16 and of Long, Shelhamer and Darrell; the paper does not mention any.
DROPOUT = 0.5

TORCHVISION = MappingProxyType(
    {
        "conv11": "features.0",
        "conv12": "features.2",
        "conv21": "features.5",
        "conv22": "features.7",
        "conv31": "features.10",
        "conv32": "features.12",
        "conv33": "features.14",
        "conv41": "features.17",
        "conv42": "features.19",
        "conv43": "features.21",
        "conv51": "features.24",
        "conv52": "features.26",
        "conv53": "features.28",
    }
)
"""Names of the layers in torchvision's vgg16.

Its classifier has no place here. The first fully connected layer sees 7x7 cells and conv6 one. The
second would fit conv7, but it reads what the first gives, and that is gone.
"""


class Vgg16(nn.Module):  # type: ignore[misc]
    """The encoder of FCN-8s, FCN-16s and FCN-32s.

    Args:
        num_classes: Channels of the scores.
        width: Factor of all channels but those of image and scores; the paper's is 1.
    """

    def __init__(self, num_classes: int, width: float = 1.0) -> None:
        super().__init__()
        channels = 3
        for block, (outputs, layers) in enumerate(BLOCKS, start=1):
            for layer in range(1, layers + 1):
                convolution = nn.Conv2d(channels, scaled(outputs, width), 3, padding=1)
                self.add_module(f"conv{block}{layer}", convolution)
                channels = convolution.out_channels
            self.add_module(f"pool{block}", nn.MaxPool2d(2))
        head = scaled(HEAD_CHANNELS, width)
        self.conv6 = nn.Conv2d(channels, head, 1)
        self.conv7 = nn.Conv2d(head, head, 1)
        self.dropout = nn.Dropout(DROPOUT)
        self.conv1by1 = scores_of(head, num_classes)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Image (N, 3, H, W), normalised, to what decoders build on.

        Returns:
            pool3 (N, 256, H/8, W/8), pool4 (N, 512, H/16, W/16), and the scores of the classes,
            (N, C, H/32, W/32).
        """
        features, pools = image, []
        for block in range(1, len(BLOCKS) + 1):
            features = self._block(block, features)
            pools.append(features)
        for layer in (self.conv6, self.conv7):
            features = self.dropout(functional.relu(layer(features), inplace=True))
        return pools[2], pools[3], self.conv1by1(features)

    def freeze_early(self) -> None:
        """Keep the first two blocks as they are from now on."""
        for name, layer in self.named_children():
            if name.startswith(("conv1", "conv2")) and name != "conv1by1":
                layer.requires_grad_(False)

    def _block(self, block: int, features: Tensor) -> Tensor:
        for layer in range(1, BLOCKS[block - 1][1] + 1):
            convolution = self.get_submodule(f"conv{block}{layer}")
            features = functional.relu(convolution(features), inplace=True)
        pooled: Tensor = self.get_submodule(f"pool{block}")(features)
        return pooled
