"""Which classes are things, and how their scores by band are told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import Answer, rounded
from segmentation_node.core.band_metrics import BandCounts, BandOf
from segmentation_node.core.labels import LabelSet
from segmentation_node.errors import DatasetError

ROAD_USERS = ("human", "vehicle")
THINGS = (*ROAD_USERS, "object")
"""Categories whose classes come in single things: the rest is ground, walls, plants and sky."""


def thing_names(labels: LabelSet, categories: Collection[str]) -> tuple[str, ...]:
    """Names of the scored classes in some categories.

    Raises:
        DatasetError: There are none.
    """
    names = tuple(
        label.name for label in labels.classes if label.category in categories and not label.ignored
    )
    if not names:
        raise DatasetError(
            received=f"the labels {labels.name} without a class of {' or '.join(categories)}",
            expected="the category of each class that comes in single things",
            fix="give the classes of labels.yaml such a category, or score without this part",
        )
    return names


def add_things(counts: BandCounts, answer: Answer, band_of: BandOf) -> None:
    """Count the things of an image.

    Args:
        counts: Where to.
        answer: The image.
        band_of: Gives the bands of components of this image.
    """
    for name in counts.names:
        counts.add(name, *answer.things(name), band_of)


def things_mapping(counts: BandCounts) -> dict[str, Any]:
    """Scores by band and class as plain numbers; None where a band holds nothing to score.

    Args:
        counts: Over all images.

    Returns:
        `bands` (names), `per_class` (by class, then band) and `mean` (by band, over the classes
        with things in it).
    """
    bands = counts.bands.names
    scores = {"found": counts.found_share, "recall": counts.recall, "iou": counts.iou}
    return {
        "bands": list(bands),
        "per_class": {
            name: {band: _cell(counts, scores, (row, column)) for column, band in enumerate(bands)}
            for row, name in enumerate(counts.names)
        },
        "mean": {
            band: {key: rounded(counts.mean(array)[column]) for key, array in scores.items()}
            for column, band in enumerate(bands)
        },
    }


def _cell(
    counts: BandCounts, scores: dict[str, NDArray[np.float64]], at: tuple[int, int]
) -> dict[str, Any]:
    pixels = counts.hits[at] + counts.misses[at]
    return {
        "things": int(counts.things[at]),
        "pixels": int(pixels),
        "false_pixels": int(counts.false[at]),
        **{key: rounded(array[at]) for key, array in scores.items()},
    }
