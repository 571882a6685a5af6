"""What every reader gives: samples on disk, and a set of them with one set of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.compressed import decode_pixels
from segmentation_node.core.labels import LabelSet
from segmentation_node.errors import DatasetError, FrameError
from segmentation_node.media.images import read_bytes, read_image, read_labels

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """One image and its labels, still on disk.

    Args:
        name: The files' common name.
        image: Path of the image.
        labels: Path of the label image.
        group: What it was taken from: CamVid's sequence, Cityscapes' city, or the condition of a
            rendered scene.
        instances: Path of the instance image (Cityscapes), where there is one.
    """

    name: str
    image: Path
    labels: Path
    group: str
    instances: Path | None = None

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

    def read_instances(self) -> NDArray[np.uint16]:
        """Read the instance image.

        Returns:
            (H, W) uint16: label id times 1000 plus a number, or the label id alone.

        Raises:
            DatasetError: There is none, or the file holds something else.
            MediaError: The file cannot be read.
        """
        if self.instances is None:
            raise self._no_instances(f"{self.name} without an instance image")
        try:
            instances = decode_pixels(read_bytes(self.instances))
        except FrameError as error:
            raise self._no_instances(f"{self.instances}: {error.received}") from error
        if instances.ndim != 2 or instances.dtype != np.uint16:
            raise self._no_instances(f"{self.instances} of {instances.shape} {instances.dtype}")
        return np.asarray(instances, np.uint16)

    def _no_instances(self, received: str) -> DatasetError:
        return DatasetError(
            received=received,
            expected="an instance image: one channel of sixteen bits",
            fix="unpack gtFine_trainvaltest.zip again, or take its *_instanceIds.png away",
        )


@dataclass(frozen=True)
class Dataset:
    """Samples with one set of labels.

    Args:
        name: What to call it in records.
        samples: In the order of their names.
        labels: What the pixels of its label images mean.
        horizon: Gives the image row of a sample's horizon, in pixels, from the height and width of
            its image; None where that cannot be known. Itself None for data that never knows it.
    """

    name: str
    samples: tuple[Sample, ...]
    labels: LabelSet
    horizon: Callable[[Sample, int, int], float | None] | None = None

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

    def spread(self, count: int) -> Dataset:
        """Some of its samples, evenly spaced; its name then says how many of how many.

        Args:
            count: How many; all where it has no more.

        Raises:
            DatasetError: The count is not positive.
        """
        if count < 1:
            raise DatasetError(f"{count} images of {self.name}", "at least 1", "ask for more")
        if count >= len(self):
            return self
        kept = tuple(self.samples[(2 * i + 1) * len(self) // (2 * count)] for i in range(count))
        return replace(self, name=f"{self.name} ({count} of {len(self)})", samples=kept)


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
