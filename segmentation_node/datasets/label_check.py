"""Counts the label ids of a whole data set before anything is learnt from it or scored on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import CITYSCAPES_35, CITYSCAPES_ALL, NO_CLASS, LabelSet
from segmentation_node.datasets.sample import Dataset
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import read_labels, reading
from segmentation_node.media.orientation import orientation_of

_HEAD_BYTES = 2**18
"""Of an image file, in which cameras write the Exif data."""

_TRAIN_IDS = 19
"""Of Cityscapes, counted from 0. None of the label ids below is sky, vegetation, a person or a
vehicle."""


@dataclass(frozen=True)
class LabelCounts:
    """How often each id occurs in the label images of a data set.

    Attributes:
        pixels: (256,) int64: pixels of each id.
        first: Name of the first label file with each id, by id.
        turned: Names of the images that Exif turns otherwise than their label image.
    """

    pixels: NDArray[np.int64]
    first: dict[int, str]
    turned: tuple[str, ...] = ()

    def shown(self, ids: Iterable[int]) -> str:
        """Ids with their pixels, and the file in which each stands first."""
        return ", ".join(f"{i} in {self.pixels[i]} pixels (first: {self.first[i]})" for i in ids)


def count_labels(data: Dataset, progress: Callable[[int, int], None] | None = None) -> LabelCounts:
    """Read every label image once.

    Args:
        data: Whose labels to count.
        progress: Called with the number of images done, and of all.

    Raises:
        MediaError: A label image cannot be read, or holds no class ids.
    """
    pixels = np.zeros(256, np.int64)
    first: dict[int, str] = {}
    turned = []
    for done, sample in enumerate(data.samples, start=1):
        counts = np.bincount(read_labels(sample.labels).ravel(), minlength=256)
        for found in np.flatnonzero(counts).tolist():
            first.setdefault(found, f"{sample.labels.parent.name}/{sample.labels.name}")
        pixels += counts
        if _orientation(sample.image) != _orientation(sample.labels):
            turned.append(sample.image.name)
        if progress:
            progress(done, len(data))
    return LabelCounts(pixels, first, tuple(turned))


def check_labels(
    data: Dataset, progress: Callable[[int, int], None] | None = None
) -> tuple[str, ...]:
    """Hold the label images of a data set against its label set.

    255 is taken for "no class", as the field does, also where it is not declared; but not where a
    declared class has no pixel, as in masks of 0 and 255.

    Args:
        data: What is to be learnt from or scored on.
        progress: Called with the number of images done, and of all.

    Returns:
        What the user should know, a sentence each: classes without a pixel, images that Exif turns
        and their labels not.

    Raises:
        DatasetError: There are ids that the label set does not declare, no pixel counts, or they
            are Cityscapes' train ids under the name of its label ids.
        MediaError: A label image cannot be read, or holds no class ids.
    """
    counts, labels = count_labels(data, progress), data.labels
    declared = {label.pixel for label in labels.labels}
    found = set(counts.first)
    absent = [label for label in labels.classes if not label.ignored and label.pixel not in found]
    undeclared = sorted(found - declared)
    if undeclared and (undeclared != [NO_CLASS] or absent):
        raise DatasetError(
            received=f"label ids in {data.name} that {labels.name} does not have: "
            + counts.shown(undeclared),
            expected="the ids of its labels: "
            + ", ".join(f"{label.pixel} {label.name}" for label in labels.labels),
            fix=_cure(labels, found, undeclared),
        )
    if not found & {one.pixel for one in labels.classes if not one.ignored}:
        raise DatasetError(
            received=f"no pixel of any class in {data.name}, but ignored ones alone",
            expected="label images with classes in them",
            fix="check the ids of the label images, and which labels are ignored",
        )
    if (
        labels in (CITYSCAPES_35, CITYSCAPES_ALL)
        and max(found - {NO_CLASS}, default=0) < _TRAIN_IDS
    ):
        raise DatasetError(
            received=f"no label id above {_TRAIN_IDS - 1} in {data.name}: no sky, vegetation, "
            "person or vehicle in any image",
            expected="label ids, as in the *_gtFine_labelIds.png of Cityscapes",
            fix="the files look like train ids (*_labelTrainIds.png) under another name: copy the "
            "original ones",
        )
    told = []
    if absent:
        names = ", ".join(label.name for label in absent)
        told.append(f"no pixel of {names} in {data.name}")
    if counts.turned:
        told.append(
            f"Exif turns {len(counts.turned)} images of {data.name} ({counts.turned[0]} first) and "
            "not their labels: right only if these were drawn on the image as viewers show it"
        )
    return tuple(told)


def _orientation(path: Path) -> int:
    with reading(path), path.open("rb") as file:
        return orientation_of(file.read(_HEAD_BYTES))


def _cure(labels: LabelSet, found: set[int], undeclared: list[int]) -> str:
    classes = sorted(label.pixel for label in labels.labels if not label.ignored)
    counted_from_1 = {one - 1 for one in found - {0, NO_CLASS}} <= set(classes)
    if undeclared == [NO_CLASS]:
        return (
            "give the class that 255 stands for the id 255, or declare 255 as a label that is "
            "ignored: {id: 255, name: unlabelled, color: [0, 0, 0], ignored: true}"
        )
    if min(classes) == 0 and counted_from_1:
        return "the ids look counted from 1: count them from 0, or declare them from 1"
    return "declare these ids (ignored: true where they are no class), or correct the label images"
