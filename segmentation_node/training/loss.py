"""Cross entropy over valid pixels, with rarer classes weighing more."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from segmentation_node.core.labels import NO_CLASS
from segmentation_node.datasets import Dataset
from segmentation_node.media.images import read_labels


def segmentation_loss(
    logits: Tensor,
    channels: Tensor,
    weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    overlap: float = 0.0,
) -> Tensor:
    """Cross entropy, the mean over pixels that have a class, and the overlap that is missing.

    The logits are upsampled as inference upsamples them, so that what is learned is what is
    scored. A batch without any valid pixel gives zero, not NaN.

    Args:
        logits: (N, C, H/s, W/s) float.
        channels: (N, h, w) int64, evenly spaced over the image: the class of each pixel; 255
            where there is none.
        weights: (C,) float, the weight of each class; None weighs all alike.
        label_smoothing: Share of the target spread over all classes, 0 to 1.
        overlap: Weight of `missing_overlap` beside it.
    """
    full = functional.interpolate(
        logits.float(), size=channels.shape[-2:], mode="bilinear", align_corners=False
    )
    total = functional.cross_entropy(
        full,
        channels,
        weight=weights,
        ignore_index=NO_CLASS,
        label_smoothing=label_smoothing,
        reduction="sum",
    )
    valid = channels[channels != NO_CLASS]
    mass = valid.numel() if weights is None else weights[valid].sum()
    entropy = total / max(float(mass), 1.0)
    return entropy + overlap * missing_overlap(full, channels) if overlap else entropy


def missing_overlap(logits: Tensor, channels: Tensor) -> Tensor:
    """One less the soft IoU of the batch, the mean over the classes that it holds.

    Cross entropy counts pixels and the score counts classes: this counts classes. Source: Rahman
    and Wang, "Optimizing intersection-over-union in deep neural networks", 2016.

    Args:
        logits: (N, C, H, W) float32.
        channels: (N, H, W) int64: the class of each pixel; 255 where there is none.
    """
    valid = channels != NO_CLASS
    shares = logits.softmax(dim=1) * valid[:, None]
    true = functional.one_hot(channels.where(valid, 0), logits.shape[1]).permute(0, 3, 1, 2)
    true = true * valid[:, None]
    both = (shares * true).sum(dim=(0, 2, 3))
    there = true.sum(dim=(0, 2, 3))
    iou = both / (shares.sum(dim=(0, 2, 3)) + there - both).clamp(min=1.0)
    return (1 - iou)[there > 0].sum() / (there > 0).sum().clamp(min=1)


def class_weights(data: Dataset, exponent: float, most: int = 200) -> Tensor:
    """A weight for each class: its share of pixels to the power -exponent, 1 on average by pixel.

    Args:
        data: Whose label images are counted.
        exponent: 0 weighs all classes alike, 1 all classes' sums of pixels alike.
        most: Label images counted, evenly spaced.

    Returns:
        (C,) float32.
    """
    shares = _shares(data, most)
    weights = np.maximum(shares, 1e-4) ** -exponent
    return torch.tensor(weights / (weights * shares).sum(), dtype=torch.float32)


def _shares(data: Dataset, most: int) -> NDArray[np.float64]:
    """(C,) float64: the share of each class in the valid pixels, sums to 1."""
    counts = np.zeros(256)
    step = max(len(data) // most, 1)
    for sample in data.samples[::step]:
        counts += np.bincount(read_labels(sample.labels).ravel(), minlength=256)
    shares = counts[data.labels.id_of_channel]
    return np.asarray(shares / max(shares.sum(), 1.0))
