"""CamVid in 11 classes: `<root>/<split>/images/*.jpg` or `.png`, and `labels/*.png` beside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.datasets.pairs import Layout, prefix
from segmentation_node.datasets.sample import Dataset

CAMVID_SPLITS = ("train", "val")
_LAYOUT = Layout(
    "CamVid",
    (".jpg", ".png"),
    "give the folder that holds its train/ and val/ folders; docs/training.md says how to make it",
    prefix,
)


def camvid(root: Path, splits: Iterable[str] = CAMVID_SPLITS) -> Dataset:
    """CamVid with 11 classes; the group of a sample is its sequence, the prefix of its name.

    Args:
        root: Folder that holds `train/` and `val/`.
        splits: Which of them to read, in this order.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    splits = tuple(splits)
    samples = [sample for split in splits for sample in _LAYOUT.samples(Path(root) / split)]
    return Dataset("camvid/" + "+".join(splits), tuple(samples), CAMVID_11)
