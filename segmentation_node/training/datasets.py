"""Data sets of images with a label for every pixel: CamVid, and rendered scenes.

Both are laid out alike, `<root>/<split>/images/*.jpg` with `<root>/<split>/labels/*.png` of the
same names, whose pixels are label ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import CAMVID_11, LabelSet
from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.media.images import read_image, read_labels

Bytes = NDArray[np.uint8]
CAMVID_SPLITS = ("train", "val")


@dataclass(frozen=True)
class Sample:
    """One image and its labels, still on disk.

    Args:
        name: The files' common name.
        image: Path of the image.
        labels: Path of the label image.
        group: What it was taken from: CamVid's sequence, or the condition of a rendered scene.
    """

    name: str
    image: Path
    labels: Path
    group: str

    def read(self) -> tuple[Bytes, Bytes]:
        """Read both.

        Returns:
            (H, W, 3) uint8 BGR, and (H, W) uint8 label ids.

        Raises:
            MediaError: A file cannot be read or decoded.
            DatasetError: Their sizes differ.
        """
        image, labels = read_image(self.image), read_labels(self.labels)
        if labels.shape != image.shape[:2]:
            raise DatasetError(
                received=f"labels of shape {labels.shape} for an image of {image.shape[:2]}",
                expected="one label id for each pixel",
                fix=f"check {self.labels} against {self.image}",
            )
        return image, labels


@dataclass(frozen=True)
class Dataset:
    """Samples with one set of labels.

    Args:
        name: What to call it in records.
        samples: In the order of their names.
        labels: What the pixels of its label images mean.
    """

    name: str
    samples: tuple[Sample, ...]
    labels: LabelSet

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its samples, sorted."""
        return tuple(sorted({sample.group for sample in self.samples}))

    def of_groups(self, groups: Iterable[str]) -> Dataset:
        """The part of it in some groups.

        Raises:
            DatasetError: It has no such group.
        """
        wanted = set(groups)
        if unknown := sorted(wanted - set(self.groups)):
            raise DatasetError(
                received=f"the group {unknown[0]!r} of {self.name}",
                expected="one of " + ", ".join(self.groups),
                fix="choose one of them",
            )
        kept = tuple(sample for sample in self.samples if sample.group in wanted)
        return replace(self, samples=kept)


def camvid(root: Path, splits: Iterable[str] = CAMVID_SPLITS) -> Dataset:
    """CamVid with 11 classes; the group of a sample is its sequence, the prefix of its name.

    Args:
        root: Folder that holds `train/` and `val/`.
        splits: Which of them to read, in this order.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    samples = [sample for split in splits for sample in _pairs(Path(root) / split, "CamVid")]
    return Dataset("camvid/" + "+".join(splits), tuple(samples), CAMVID_11)


def rendered(root: Path, split: str) -> Dataset:
    """Rendered scenes; the group of a sample is its condition, the prefix of its name.

    Args:
        root: Folder that `training.stills.render_stills` filled.
        split: `train` or `val`.

    Raises:
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    samples = _pairs(Path(root) / split, "rendered scenes")
    return Dataset(f"rendered/{split}", tuple(samples), CAMVID_11)


def dataset(form: str, root: Path, split: str) -> Dataset:
    """One split of a data set, by the name of its format.

    Args:
        form: `camvid` or `rendered`.
        root: Folder that holds the splits.
        split: `train` or `val`.

    Raises:
        ConfigError: There is no such format.
        DatasetError: The folder is not laid out so; the message says what was looked for.
    """
    if form == "camvid":
        return camvid(root, [split])
    if form == "rendered":
        return rendered(root, split)
    raise ConfigError(f"the format {form!r}", "camvid or rendered", "give one of them")


def hold_out(data: Dataset, group: str) -> tuple[Dataset, Dataset]:
    """Split a data set into all other groups, to train on, and one group, to score on.

    Raises:
        DatasetError: It has no such group, or no other.
    """
    held = data.of_groups([group])
    others = [name for name in data.groups if name != group]
    if not others:
        raise DatasetError(
            received=f"{data.name} with {group!r} alone",
            expected="at least two groups, to train on one and score on the other",
            fix="read more of the data set",
        )
    return data.of_groups(others), held


def _pairs(folder: Path, what: str) -> list[Sample]:
    images, labels = folder / "images", folder / "labels"
    for wanted in (images, labels):
        if not wanted.is_dir():
            raise _layout_error(what, folder, f"no folder {wanted.name}/ in {folder}")
    found = sorted(images.glob("*.jpg"))
    if not found:
        raise _layout_error(what, folder, f"no .jpg in {images}")
    for image in found:
        if not (labels / f"{image.stem}.png").is_file():
            raise _layout_error(what, folder, f"no labels/{image.stem}.png for {image.name}")
    return [
        Sample(image.stem, image, labels / f"{image.stem}.png", image.stem.rsplit("_", 1)[0])
        for image in found
    ]


def _layout_error(what: str, folder: Path, received: str) -> DatasetError:
    return DatasetError(
        received=received,
        expected=f"{what} laid out as {folder}/images/NAME.jpg and {folder}/labels/NAME.png",
        fix="give the folder that holds its train/ and val/ folders",
    )
