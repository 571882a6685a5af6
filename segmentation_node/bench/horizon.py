"""Where the horizon of a scene lies in its image: known, given, or estimated from the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.labels import LabelSet
from segmentation_node.datasets import Dataset, Sample
from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.media.images import read_labels

GROUND = "flat"
"""Category of the classes that a road and what is level with it have."""
SAMPLED = 50
"""Label images of each group that an estimate looks at, evenly spaced."""
_HIGHEST = 0.1
_LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Horizon:
    """The horizon of each image of a data set.

    Args:
        data: The data set.
        source: `scene`, `given` or `estimated`.
        fractions: Its row over the height of the image, the same in all of a group, by the group;
            empty where each scene knows its own.
    """

    data: Dataset
    source: str
    fractions: Mapping[str, float] = field(default_factory=dict)

    def row(self, sample: Sample, height: int, width: int) -> float:
        """Image row of the horizon in pixels.

        Args:
            sample: An image of the data set.
            height: Its pixels.
            width: Its pixels.

        Raises:
            DatasetError: This image's scene does not know it, though others' do.
        """
        if sample.group in self.fractions:
            return self.fractions[sample.group] * height
        known = self.data.horizon(sample, height, width) if self.data.horizon else None
        if known is None:
            raise DatasetError(
                received=f"{sample.name}, whose horizon is not known",
                expected="the horizon of every image, as the others of this data set have it",
                fix="give --horizon FRACTION, the row over the height of the image",
            )
        return known


def horizon_of(data: Dataset, given: float | None = None) -> Horizon:
    """The horizon of a data set, by the best source that there is.

    Args:
        data: The data set.
        given: Row over the height of the image; None asks the scenes, or else estimates.

    Raises:
        ConfigError: The one given does not lie within the image.
        DatasetError: It can be neither asked nor estimated.
    """
    if given is not None:
        if not 0 < given < 1:
            raise ConfigError(
                f"the horizon {given}", "a fraction of the height, 0 to 1", "such as 0.45"
            )
        return Horizon(data, "given", dict.fromkeys(data.groups, given))
    if data.horizon and data.horizon(data.samples[0], 100, 100) is not None:
        return Horizon(data, "scene")
    return Horizon(data, "estimated", _estimated(data))


def _estimated(data: Dataset) -> dict[str, float]:
    """Estimate the horizon of each group, of one camera that never moves, from its ground.

    In each label image the ground ends at a row: the highest of which a hundredth is ground. On a
    level road that row is at the horizon or, where something stands in the way, below it; so the
    estimate is the row above which only one image in ten has ground.

    Returns:
        The row over the height of the image, by the group.

    Raises:
        DatasetError: No label is ground, or no image of a group shows any.
    """
    ground = _ground(data.labels)
    return {group: _of_one_camera(data.of_groups([group]), ground) for group in data.groups}


def _of_one_camera(data: Dataset, ground: NDArray[np.bool_]) -> float:
    tops = []
    for sample in data.spread(SAMPLED).samples:
        shares = ground[read_labels(sample.labels)].mean(axis=1)
        rows = np.flatnonzero(shares >= _LEAST_SHARE)
        if rows.size:
            tops.append(rows[0] / len(shares))
    if not tops:
        raise _unknown(f"{data.groups[0]} of {data.name}, no image of which shows ground")
    return float(np.quantile(tops, _HIGHEST))


def _ground(labels: LabelSet) -> NDArray[np.bool_]:
    ground = np.zeros(256, bool)
    ground[[label.pixel for label in labels.labels if label.category == GROUND]] = True
    if not ground.any():
        raise _unknown(f"the labels {labels.name} without a class of the category {GROUND!r}")
    return ground


def _unknown(received: str) -> DatasetError:
    return DatasetError(
        received=received,
        expected="images of a road, to estimate the horizon from",
        fix="give --horizon FRACTION, the row over the height of the image",
    )
