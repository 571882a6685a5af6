"""Fits one number per class, added to its logits, that makes the mean IoU of training images best.

Cross entropy counts pixels and mean IoU counts classes, so a network at the optimum of the first
gives thin classes too little and broad ones too much. Moving the thresholds between classes after
training closes part of that gap; it costs nothing at inference, where the numbers are part of the
classifier's bias. Idea: Menon et al., "Long-tail learning via logit adjustment", 2021, with the
adjustment fitted to the score itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segmentation_node.core.labels import NO_CLASS
from segmentation_node.core.postprocess import upsample
from segmentation_node.datasets import Dataset
from segmentation_node.training.networks import NetworkEntry
from segmentation_node.training.validate import logits_of

Floats = NDArray[np.float32]
# Logits differ by several units between a clear winner and the rest; a finer search follows noise.
STEPS = (-0.5, -0.25, 0.0, 0.25, 0.5)
ROUNDS = 2
# Every third pixel along each axis is enough to count by.
_THIRD = slice(1, None, 3)


@dataclass(frozen=True)
class Pixels:
    """Pixels with a class.

    Args:
        logits: (C, n) float32.
        channels: (n,) int64, the true class.
    """

    logits: Floats
    channels: NDArray[np.int64]

    def mean_iou(self, bias: Floats) -> float:
        """Mean IoU of the classes that occur, with a bias (C,) added to the logits."""
        classes = len(self.logits)
        predicted = (self.logits + bias[:, None]).argmax(axis=0)
        counts = np.bincount(self.channels * classes + predicted, minlength=classes**2)
        matrix = counts.reshape(classes, classes)
        hits = matrix.diagonal()
        union = matrix.sum(axis=0) + matrix.sum(axis=1) - hits
        return float((hits[union > 0] / union[union > 0]).mean())


def fit_class_bias(
    network: nn.Module,
    entry: NetworkEntry,
    datasets: Sequence[Dataset],
    device: torch.device,
    images: int,
) -> list[float]:
    """Find the bias that is best on training images, all data sets counting alike.

    Args:
        network: In evaluation mode.
        entry: The row of the network.
        datasets: What it was trained on.
        device: Where the network is.
        images: Images of each data set to look at, evenly spaced; 0 leaves the bias at zero.

    Returns:
        (C,) float, multiples of a quarter, to be added to the logits.
    """
    bias = np.zeros(datasets[0].labels.num_classes, np.float32)
    if images == 0:
        return [float(value) for value in bias]
    seen = [_pixels(network, entry, data, device, images) for data in datasets]
    for _ in range(ROUNDS):
        for channel in range(len(bias)):
            bias[channel] += _best_step(seen, bias, channel)
    return [float(value) for value in bias]


def add_class_bias(network: nn.Module, entry: NetworkEntry, bias: Sequence[float]) -> None:
    """Add a bias (C,) to the logits of a network, in its classifier."""
    with torch.no_grad():
        network.get_submodule(entry.classifier).bias.add_(torch.tensor(bias))


def _best_step(seen: Sequence[Pixels], bias: Floats, channel: int) -> float:
    """The step of one class's bias that scores best; of equals the smallest."""

    def score(step: float) -> tuple[float, float]:
        moved = bias.copy()
        moved[channel] += step
        return sum(pixels.mean_iou(moved) for pixels in seen), -abs(step)

    return max(STEPS, key=score)


def _pixels(
    network: nn.Module, entry: NetworkEntry, data: Dataset, device: torch.device, images: int
) -> Pixels:
    logits, channels = [], []
    for sample in data.samples[:: max(len(data) // images, 1)]:
        image, labels = sample.read()
        found, placed = logits_of(network, entry, image, device)
        true = data.labels.channel_of_id[labels][_THIRD, _THIRD]
        valid = true != NO_CLASS
        logits.append(upsample(found, placed)[:, _THIRD, _THIRD][:, valid])
        channels.append(true[valid].astype(np.int64))
    return Pixels(np.concatenate(logits, axis=1), np.concatenate(channels))
