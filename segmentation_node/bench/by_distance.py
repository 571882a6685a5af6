"""Scores by distance, which on a level road the rows below the horizon stand for.

With a camera h metres above the road and a focal length of f pixels, the ground at row r lies at
z = f h / (r - horizon) metres. Rows are given here as fractions of the image's height below the
horizon, so that no calibration is needed; docs/evaluation.md says what they are in metres.

Two things are scored. By *row*, all classes: a row's pixels count in its band, whatever stands
there; a near car reaches up into far rows. By *foot*, road users: where the lowest pixel of a thing
is tells how far away it stands (`core.band_metrics`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import Answer, rounded
from segmentation_node.bench.horizon import Horizon
from segmentation_node.bench.things import ROAD_USERS, add_things, thing_names, things_mapping
from segmentation_node.core.band_metrics import BandCounts, Bands
from segmentation_node.core.components import Components
from segmentation_node.core.labels import LabelSet
from segmentation_node.core.metrics import ConfusionMatrix, mean_score

DISTANCES = Bands(("above", "farthest", "far", "near", "nearest"), (0.0, 0.05, 0.1, 0.2))
"""Bands of rows, as fractions of the image's height below the horizon."""


class ByDistance:
    """Counts pixels by their row, and road users by the row of their foot.

    Args:
        labels: Of the data set.
        horizon: Of the data set.

    Raises:
        DatasetError: None of its classes is a road user.
    """

    key = "by_distance"

    def __init__(self, labels: LabelSet, horizon: Horizon) -> None:
        self._horizon = horizon
        self._things = BandCounts(thing_names(labels, ROAD_USERS), DISTANCES)
        self._rows: list[ConfusionMatrix] = []
        self._fractions: dict[str, list[float]] = {}

    def add(self, answer: Answer) -> None:
        """Take in one answer."""
        height, width = answer.true.shape
        horizon = self._horizon.row(answer.sample, height, width)
        self._fractions.setdefault(answer.sample.group, []).append(horizon / height)

        def band_of(found: Components) -> NDArray[np.int64]:
            return DISTANCES.of((found.foot_row - horizon) / height)

        add_things(self._things, answer, band_of)
        self._add_rows(answer, DISTANCES.of((np.arange(height) + 0.5 - horizon) / height))

    def _add_rows(self, answer: Answer, bands: NDArray[np.int64]) -> None:
        if not self._rows:
            self._rows = [answer.counts.empty() for _ in range(len(DISTANCES))]
        for band, matrix in enumerate(self._rows):
            rows = bands == band
            matrix.update(answer.predicted[rows], answer.true[rows])

    def result(self) -> dict[str, Any]:
        """The mean horizon of each group, then the scores by row and, of road users, by foot."""
        return {
            "horizon": {
                "source": self._horizon.source,
                "fractions": {
                    group: round(float(np.mean(found)), 4)
                    for group, found in sorted(self._fractions.items())
                },
            },
            "below_fraction": dict(zip(DISTANCES.names[:-1], DISTANCES.edges, strict=True)),
            "rows": {
                name: _occurring(matrix)
                for name, matrix in zip(DISTANCES.names, self._rows, strict=True)
            },
            "road_users": things_mapping(self._things),
        }


def _occurring(matrix: ConfusionMatrix) -> dict[str, Any]:
    """The scores of the classes that occur in a band.

    Another's few false pixels, as of road above the horizon, would count as a whole class in the
    mean and say nothing of the band.
    """
    occurs = matrix.counts.any(axis=1)
    iou = dict(zip(matrix.names, np.where(occurs, matrix.iou(), np.nan).tolist(), strict=True))
    return {
        "miou": rounded(mean_score(iou.values())),
        "pixel_accuracy": rounded(matrix.pixel_accuracy),
        "per_class": {name: rounded(score) for name, score in iou.items()},
    }
