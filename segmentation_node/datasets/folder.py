"""A plain folder: `images/`, `labels/` and `labels.yaml`, which says what the label ids mean."""

from __future__ import annotations

from pathlib import Path

from segmentation_node.core.labels import label_set
from segmentation_node.datasets.pairs import Layout, prefix
from segmentation_node.datasets.sample import Dataset
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import IMAGE_SUFFIXES

LABELS_FILE = "labels.yaml"


def _group(name: str) -> str:
    """The prefix of a numbered name; names without one are all of one group."""
    return prefix(name) if "_" in name else "all"


_LAYOUT = Layout(
    "a data set",
    IMAGE_SUFFIXES,
    "give the folder that holds images/ and labels/, or name the split that does",
    _group,
)


def folder(root: Path, split: str = "") -> Dataset:
    """Images of any kind with PNGs of label ids; the group of a sample is its name's prefix.

    Args:
        root: Folder that holds `labels.yaml`, and `images/` and `labels/` or the splits that do.
        split: Folder within it that holds `images/` and `labels/`; itself where empty.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
        ConfigError: `labels.yaml` is faulty.
    """
    root = Path(root)
    samples = _LAYOUT.samples(root / split)
    described = root / LABELS_FILE
    if not described.is_file():
        raise DatasetError(
            received=f"no {LABELS_FILE} in {root}",
            expected="a YAML file with the id, name and color of each label",
            fix="write one, as the section on labels in docs/model_sidecar.md describes it",
        )
    name = f"{root.resolve().name}/{split}" if split else root.resolve().name
    return Dataset(name, samples, label_set(described))
