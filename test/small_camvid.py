"""Writes a small CamVid: blocks of classes in their own colours, three drives, one of them dark."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.media.images import write_image

DRIVES = ("0001TP", "0006R0", "0016E5")
DARK = ("0001TP", "night")


def write_camvid(
    root: Path,
    split: str = "val",
    frames: int = 5,
    groups: tuple[str, ...] = DRIVES,
    first: int = 0,
) -> Path:
    """Write frames of each group, the dark ones at a third of the light; give the root.

    Args:
        root: Folder of the data set.
        split: Which part of it.
        frames: How many of each group.
        groups: The drives.
        first: Number of each group's first frame.
    """
    palette = CAMVID_11.palette()
    for drive, group in enumerate(groups):
        for number in range(first, first + frames):
            blocks = np.random.default_rng(100 * drive + number).integers(0, 12, (6, 8), np.uint8)
            labels = blocks.repeat(8, axis=0).repeat(8, axis=1)
            image = palette[labels][..., ::-1] // (3 if group in DARK else 1)
            name = f"{group}_{number:05d}"
            write_image(root / split / "images" / f"{name}.jpg", np.ascontiguousarray(image))
            write_image(root / split / "labels" / f"{name}.png", labels)
    return root
