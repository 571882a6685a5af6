from __future__ import annotations

import numpy as np
import pytest
from parrot import answer

from segmentation_node.bench.by_distance import ByDistance
from segmentation_node.bench.horizon import Horizon
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.datasets import Dataset

CAR, ROAD, SKY = 8, 3, 0
HALF = Horizon(Dataset("none", (), CAMVID_11), "given", {"a": 0.5})


def street() -> np.ndarray:
    """200 rows with the horizon at 100: cars that stand 4, 16 and 90 rows below it."""
    labels = np.full((200, 100), ROAD, np.uint8)
    labels[:100] = SKY
    labels[98:104, 10:20] = CAR
    labels[90:116, 40:50] = CAR
    labels[60:190, 70:90] = CAR
    return labels


def scores(said: np.ndarray) -> dict:
    tally = ByDistance(CAMVID_11, HALF)
    tally.add(answer(street(), said))
    return tally.result()


def test_a_row_is_in_the_band_of_its_distance_below_the_horizon() -> None:
    said = street()
    said[:100] = ROAD  # all above the horizon is wrong, nothing below it
    rows = scores(said)["rows"]
    assert rows["above"]["pixel_accuracy"] == 0
    assert all(rows[band]["miou"] == 1 for band in ("farthest", "far", "near", "nearest"))


def test_a_band_ends_where_its_fraction_says() -> None:
    said = street()
    said[110:] = SKY  # 5 % of 200 rows below the horizon and nearer
    rows = scores(said)["rows"]
    assert rows["farthest"]["pixel_accuracy"] == 1
    assert rows["far"]["pixel_accuracy"] == 0


def test_classes_that_do_not_occur_in_a_band_are_left_out_of_its_mean() -> None:
    said = street()
    said[50, :] = ROAD
    rows = scores(said)["rows"]
    assert rows["above"]["per_class"]["Road"] is None
    assert rows["above"]["per_class"]["Sky"] < 1


def test_road_users_are_in_the_band_of_their_foot_however_high_they_reach() -> None:
    said = street()
    said[98:104, 10:20] = ROAD
    cars = scores(said)["road_users"]["per_class"]["Car"]
    things = {band: cell["things"] for band, cell in cars.items()}
    assert things == {"above": 0, "farthest": 1, "far": 1, "near": 0, "nearest": 1}
    assert (cars["farthest"]["iou"], cars["far"]["iou"], cars["nearest"]["iou"]) == (0, 1, 1)
    # Poles and signs need not stand on the ground where they are seen to end.
    assert set(scores(said)["road_users"]["per_class"]) == {"Car", "Pedestrian", "Bicyclist"}


def test_the_horizon_and_its_source_are_told() -> None:
    result = scores(street())
    assert result["horizon"] == {"source": "given", "fractions": {"a": 0.5}}
    assert result["below_fraction"]["farthest"] == 0.05


@pytest.mark.parametrize("fraction", [0.1, 0.9])
def test_the_rows_of_all_bands_are_the_whole_image(fraction: float) -> None:
    tally = ByDistance(CAMVID_11, Horizon(HALF.data, "given", {"a": fraction}))
    tally.add(answer(street(), street()))
    assert sum(int(matrix.counts.sum()) for matrix in tally._rows) == street().size
