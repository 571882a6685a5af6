"""Data in two lights: images of each to calibrate on, and others to score on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from segmentation_node.datasets import Dataset, Sample, camvid, rendered
from segmentation_node.errors import DatasetError

_CAMVID = {"day": ("0006R0", "0016E5"), "dusk": ("0001TP",)}
_RENDERED = {"day": ("day",), "night": ("night",)}


@dataclass(frozen=True)
class Lights:
    """A data set in two lights.

    Args:
        groups: The groups of each light.
        calibration: Where to take images to calibrate on.
        scored: Other frames, to score on.
    """

    groups: Mapping[str, tuple[str, ...]]
    calibration: Dataset
    scored: Dataset

    def sets(self, limit: int) -> dict[str, tuple[Path, ...]]:
        """Images of each light alone, and of both half and half, the same number of each.

        Args:
            limit: Most images of a set.

        Raises:
            DatasetError: A light has fewer than two images.
        """
        alone = {name: self.calibration.of_groups(own) for name, own in self.groups.items()}
        count = min(limit, *map(len, alone.values()))
        if count < 2:
            raise DatasetError(
                received=f"{count} images of a light of {self.calibration.name}",
                expected="two or more, so that both lights go into one set",
                fix="allow more images, or give a data set with more",
            )
        shares = (count - count // 2, count // 2)
        both = [_some(data, share) for data, share in zip(alone.values(), shares, strict=True)]
        found = {name: _some(data, count) for name, data in alone.items()}
        return {**found, " and ".join(alone): tuple(path for part in both for path in part)}


def camvid_lights(root: Path) -> Lights:
    """CamVid by day and at dusk: the first half of each drive to calibrate on, the rest to score.

    Raises:
        DatasetError: The folder is not CamVid's.
    """
    data = camvid(root).of_groups(_all(_CAMVID))
    first, second = halves(data)
    return Lights(_CAMVID, first, second)


def rendered_lights(root: Path) -> Lights:
    """Rendered scenes by day and by night: train to calibrate on, val to score.

    Raises:
        DatasetError: The folder is not of rendered scenes.
    """
    groups = _all(_RENDERED)
    train, val = (rendered(root, split).of_groups(groups) for split in ("train", "val"))
    return Lights(_RENDERED, train, val)


def halves(data: Dataset) -> tuple[Dataset, Dataset]:
    """Cut each group of a data set in the middle, in the order of the samples' names.

    Neighbouring frames are nearly the same image: every other one would be scored on what it was
    calibrated on.
    """
    first: list[Sample] = []
    second: list[Sample] = []
    for group in data.groups:
        frames = sorted((one for one in data.samples if one.group == group), key=lambda s: s.name)
        middle = len(frames) // 2
        first += frames[:middle]
        second += frames[middle:]
    return (
        replace(data, name=f"{data.name}, first half of each drive", samples=tuple(first)),
        replace(data, name=f"{data.name}, second half of each drive", samples=tuple(second)),
    )


def _some(data: Dataset, count: int) -> tuple[Path, ...]:
    return tuple(sample.image for sample in data.spread(count).samples)


def _all(lights: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(group for groups in lights.values() for group in groups)
