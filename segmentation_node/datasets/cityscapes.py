"""Cityscapes as its two packages unpack, `leftImg8bit_trainvaltest` and `gtFine_trainvaltest`.

    <root>/leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png
    <root>/gtFine/<split>/<city>/<city>_<sequence>_<frame>_gtFine_labelIds.png

Images may have any size, as long as labels have the same. Cordts et al., "The Cityscapes Dataset
for Semantic Urban Scene Understanding", 2016.
"""

from __future__ import annotations

from pathlib import Path

from segmentation_node.core.labels import CITYSCAPES_35, CITYSCAPES_ALL, LabelSet
from segmentation_node.datasets.sample import Dataset, Sample
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import reading

_IMAGE, _LABELS, _INSTANCES = "_leftImg8bit.png", "_gtFine_labelIds.png", "_gtFine_instanceIds.png"


def cityscapes(root: Path, split: str) -> Dataset:
    """Cityscapes for networks with a channel for each of the 35 labels, as the paper's have.

    What is scored are the benchmark's 19 classes and 7 categories, here as in `cityscapes19`.

    Args:
        root: Folder that holds `leftImg8bit/` and `gtFine/`.
        split: `train` or `val`.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    return _read(Path(root), split, CITYSCAPES_ALL, "cityscapes")


def cityscapes19(root: Path, split: str) -> Dataset:
    """Cityscapes for networks with a channel for each of the 19 train ids.

    The files are the same: pixels hold label ids, and the label set tells each one's channel.

    Args:
        root: Folder that holds `leftImg8bit/` and `gtFine/`.
        split: `train` or `val`.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    return _read(Path(root), split, CITYSCAPES_35, "cityscapes19")


def _read(root: Path, split: str, labels: LabelSet, name: str) -> Dataset:
    images, truth = root / "leftImg8bit" / split, root / "gtFine" / split
    with reading(root, DatasetError):
        for wanted in (images, truth):
            if not wanted.is_dir():
                raise _error(root, split, f"no folder {wanted.relative_to(root)}/ in {root}")
        samples = [
            sample
            for city in sorted(path for path in images.iterdir() if path.is_dir())
            for sample in _city(root, split, city.name)
        ]
    if not samples:
        raise _error(root, split, f"no *{_IMAGE} in the folders of {images}")
    return Dataset(f"{name}/{split}", tuple(samples), labels)


def _city(root: Path, split: str, city: str) -> list[Sample]:
    truth = root / "gtFine" / split / city
    # Listed once: asking for each file on its own is slow on network drives.
    there = {path.name for path in truth.iterdir()} if truth.is_dir() else set()
    samples = []
    for image in sorted((root / "leftImg8bit" / split / city).glob(f"*{_IMAGE}")):
        name = image.name.removesuffix(_IMAGE)
        if name + _LABELS not in there:
            missing = f"no gtFine/{split}/{city}/{name}{_LABELS} in {root}, for {image.name}"
            raise _error(root, split, missing)
        instances = truth / (name + _INSTANCES) if name + _INSTANCES in there else None
        samples.append(Sample(name, image, truth / (name + _LABELS), city, instances))
    return samples


def _error(root: Path, split: str, received: str) -> DatasetError:
    return DatasetError(
        received=received,
        expected=f"Cityscapes laid out as {root}/leftImg8bit/{split}/CITY/NAME{_IMAGE} and "
        f"{root}/gtFine/{split}/CITY/NAME{_LABELS}",
        fix="unpack leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip into one folder, and "
        "give that folder",
    )
