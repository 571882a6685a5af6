"""Scores of things by their size in the image; `core.band_metrics` defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import Answer
from segmentation_node.bench.things import THINGS, add_things, thing_names, things_mapping
from segmentation_node.core.band_metrics import BandCounts, Bands
from segmentation_node.core.components import Components
from segmentation_node.core.labels import LabelSet

# COCO's small, medium and large (Lin et al., "Microsoft COCO", 2014: 32² and 96² pixels), and
# below them what is no larger than two by two cells of logits at stride 8.
SIZES = Bands(("tiny", "small", "medium", "large"), (16**2, 32**2, 96**2))
"""Bands of area in pixels of the label image."""


class BySize:
    """Counts things by their area.

    Args:
        labels: Of the data set.

    Raises:
        DatasetError: None of its classes is a thing.
    """

    key = "by_size"

    def __init__(self, labels: LabelSet) -> None:
        self._counts = BandCounts(thing_names(labels, THINGS), SIZES)

    def add(self, answer: Answer) -> None:
        """Take in one answer."""
        add_things(self._counts, answer, _band)

    def result(self) -> dict[str, Any]:
        """Scores by class and band, and the areas in pixels at which bands end."""
        edges = {name: int(edge) for name, edge in zip(SIZES.names[:-1], SIZES.edges, strict=True)}
        return {"below_px": edges, **things_mapping(self._counts)}


def _band(found: Components) -> NDArray[np.int64]:
    return SIZES.of(found.area_px)
