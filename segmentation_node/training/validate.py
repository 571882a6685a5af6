"""Scores a network while it trains, on images letterboxed as in use."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, fit
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.core.postprocess import labels_of
from segmentation_node.core.preprocess import resize_to_network
from segmentation_node.training.batches import collate
from segmentation_node.training.datasets import Dataset
from segmentation_node.training.device import autocast
from segmentation_node.training.networks import NetworkEntry
from segmentation_node.training.sidecar import PAD_RGB

MOST_ROWS = 512
"""Pixels; larger images are reduced to this height, at which the model is used at its finest."""


def validate(network: nn.Module, entry: NetworkEntry, data: Dataset, device: torch.device) -> float:
    """Mean IoU of a network on a data set, each image at its own scale up to `MOST_ROWS`.

    This watches a run; the scores of a model come from its exported file (`bench.accuracy`).

    Args:
        network: In evaluation mode.
        entry: The row of the network.
        data: What to score on.
        device: Where the network is.
    """
    matrix = ConfusionMatrix.for_labels(data.labels)
    for sample in data.samples:
        image, labels = sample.read()
        logits, placed = logits_of(network, entry, image, device)
        matrix.update(labels_of(logits, placed, data.labels), labels)
    return float(matrix.miou)


def logits_of(
    network: nn.Module, entry: NetworkEntry, image: NDArray[np.uint8], device: torch.device
) -> tuple[NDArray[np.float32], Fit]:
    """Run a network on one image at its own scale up to `MOST_ROWS`, letterboxed.

    Args:
        network: In evaluation mode.
        entry: The row of the network.
        image: (H, W, 3) uint8 BGR.
        device: Where the network is.

    Returns:
        (C, h, w) float32 logits, and how the image was fitted.
    """
    height, width = image.shape[:2]
    step, factor = entry.multiple, min(1.0, MOST_ROWS / height)
    rows, columns = round(height * factor), round(width * factor)
    size = NetworkSize(-(-rows // step) * step, -(-columns // step) * step)
    placed = fit(FitMode.LETTERBOX, height, width, size)
    resized = resize_to_network(image, placed, (PAD_RGB[2], PAD_RGB[1], PAD_RGB[0]))
    blank = np.zeros(resized.shape[:2], np.uint8)
    batch, _ = collate([(resized, blank)], entry.mean, entry.std, device)
    with torch.inference_mode(), autocast(device):
        logits = network(batch)
    return logits[0].float().cpu().numpy(), placed
