"""Scores a network while it trains, on images letterboxed as in use."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segmentation_node.core.fast_postprocess import FastLabels
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, fit
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.core.preprocess import resize_to_network
from segmentation_node.datasets import Dataset
from segmentation_node.training.batches import collate
from segmentation_node.training.device import autocast
from segmentation_node.training.networks import NetworkEntry

MOST_ROWS = 512
"""Pixels; larger images are reduced to this height, at which the model is used at its finest."""


def validate(
    network: nn.Module,
    entry: NetworkEntry,
    data: Dataset,
    device: torch.device,
    rows: int = MOST_ROWS,
) -> float:
    """Mean IoU of a network on a data set, each image at its own scale up to a height.

    This watches a run; the scores of a model come from its exported file (`bench.accuracy`).

    Args:
        network: In evaluation mode.
        entry: The row of the network.
        data: What to score on.
        device: Where the network is.
        rows: Pixels; higher images are reduced to this height.
    """
    matrix = ConfusionMatrix.for_labels(data.labels)
    for sample in data.samples:
        image, labels = sample.read()
        logits, placed = logits_of(network, entry, image, device, rows)
        found = np.empty(labels.shape, np.uint8)
        FastLabels(placed, logits.shape, data.labels)(logits, found)
        matrix.update(found, labels)
    return float(matrix.miou)


def logits_of(
    network: nn.Module,
    entry: NetworkEntry,
    image: NDArray[np.uint8],
    device: torch.device,
    most_rows: int = MOST_ROWS,
) -> tuple[NDArray[np.float32], Fit]:
    """Run a network on one image at its own scale up to a height, letterboxed.

    Args:
        network: In evaluation mode.
        entry: The row of the network.
        image: (H, W, 3) uint8 BGR.
        device: Where the network is.
        most_rows: Pixels; a higher image is reduced to this height.

    Returns:
        (C, h, w) float32 logits, and how the image was fitted.
    """
    height, width = image.shape[:2]
    step, factor = entry.multiple, min(1.0, most_rows / height)
    rows, columns = round(height * factor), round(width * factor)
    size = NetworkSize(-(-rows // step) * step, -(-columns // step) * step)
    placed = fit(FitMode.LETTERBOX, height, width, size)
    resized = resize_to_network(image, placed, entry.pad[::-1])
    blank = np.zeros(resized.shape[:2], np.uint8)
    batch, _ = collate([(resized, blank)], entry.mean, entry.std, device)
    with torch.inference_mode(), autocast(device):
        logits = network(batch)
    return np.ascontiguousarray(logits[0].float().cpu().numpy()), placed
