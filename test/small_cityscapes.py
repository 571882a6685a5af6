"""Writes a small Cityscapes: rendered scenes in its official layout, CamVid's ids made its own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35
from segmentation_node.media.images import write_image
from segmentation_node.scenes.drive import render_still

NAMES = {
    "Sky": "sky",
    "Building": "building",
    "Pole": "pole",
    "Road": "road",
    "Pavement": "sidewalk",
    "Tree": "vegetation",
    "SignSymbol": "traffic sign",
    "Fence": "fence",
    "Car": "car",
    "Pedestrian": "person",
    "Bicyclist": "rider",
    "Unlabelled": "unlabeled",
}
HAVE_INSTANCES = ("person", "rider", "car")
"""Of the classes that a rendered scene has, those whose instances Cityscapes tells apart."""


def to_cityscapes(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) uint8 CamVid ids to Cityscapes label ids."""
    table = np.zeros(256, np.uint8)
    for ours, theirs in NAMES.items():
        table[CAMVID_11.by_name(ours).id] = CITYSCAPES_35.by_name(theirs).id
    return table[labels]


def instance_ids(labels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(H, W) uint16: label id times 1000 plus a number for each thing, else the label id."""
    ids = labels.astype(np.uint16)
    for name in HAVE_INSTANCES:
        label_id = CITYSCAPES_35.by_name(name).id
        _, regions = cv2.connectedComponents((labels == label_id).astype(np.uint8))
        ids[regions > 0] = (label_id * 1000 + regions[regions > 0] - 1).astype(np.uint16)
    return ids


def write_cityscapes(
    root: Path,
    split: str = "val",
    frames: tuple[tuple[str, int], ...] = (("aachen", 1), ("aachen", 2), ("bochum", 3)),
    size: tuple[int, int] = (96, 192),
) -> Path:
    """Write frames, each the scene of a city and a seed; give the root back."""
    for city, seed in frames:
        image, labels = render_still(seed, *size)
        name = f"{city}_{seed:06d}_000019"
        ours = to_cityscapes(labels)
        write_image(root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", image)
        truth = root / "gtFine" / split / city
        write_image(truth / f"{name}_gtFine_labelIds.png", ours)
        cv2.imwrite(str(truth / f"{name}_gtFine_instanceIds.png"), instance_ids(ours))
    return root
