from __future__ import annotations

import numpy as np
import pytest
from parrot import answer

from segmentation_node.bench.by_size import BySize
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, Label, LabelSet
from segmentation_node.errors import DatasetError

CAR, PERSON, ROAD = 8, 9, 3


def street() -> np.ndarray:
    """A road with cars of 100, 900 and 10000 pixels and a pedestrian of 200."""
    labels = np.full((300, 300), ROAD, np.uint8)
    labels[0:10, 0:10] = CAR
    labels[20:50, 0:30] = CAR
    labels[100:200, 100:200] = CAR
    labels[250:270, 10:20] = PERSON
    return labels


def scores(said: np.ndarray) -> dict:
    tally = BySize(CAMVID_11)
    tally.add(answer(street(), said))
    return tally.result()


def test_things_are_in_the_band_of_their_area() -> None:
    cars = scores(street())["per_class"]["Car"]
    assert [cars[band]["things"] for band in ("tiny", "small", "medium", "large")] == [1, 1, 0, 1]
    assert [cars[band]["pixels"] for band in ("tiny", "small", "medium", "large")] == [
        100,
        900,
        0,
        10000,
    ]
    assert cars["tiny"]["iou"] == cars["large"]["found"] == 1
    assert cars["medium"]["iou"] is None


def test_a_model_blind_to_small_things_shows_it() -> None:
    said = street()
    said[:60] = ROAD
    said[250:270] = ROAD
    mean = scores(said)["mean"]
    assert (mean["tiny"]["iou"], mean["small"]["iou"], mean["large"]["iou"]) == (0, 0, 1)
    assert mean["medium"] == {"found": None, "recall": None, "iou": None}


def test_false_pixels_stand_beside_the_band_they_are_charged_to() -> None:
    said = street()
    said[280:290, 200:300] = CAR  # nothing is there: 1000 pixels, a small thing of its own
    cars = scores(said)["per_class"]["Car"]
    assert cars["small"]["false_pixels"] == 1000
    assert cars["small"]["iou"] == pytest.approx(900 / 1900, abs=1e-4)
    assert cars["large"]["false_pixels"] == 0


def test_what_is_said_on_ignored_pixels_does_not_count() -> None:
    true, said = street(), street()
    true[280:290], said[280:290] = 11, CAR
    tally = BySize(CAMVID_11)
    tally.add(answer(true, said))
    cars = tally.result()["per_class"]["Car"]
    assert sum(band["false_pixels"] for band in cars.values()) == 0


def test_the_result_says_where_bands_end_and_which_classes_are_things() -> None:
    result = scores(street())
    assert result["below_px"] == {"tiny": 256, "small": 1024, "medium": 9216}
    assert set(result["per_class"]) == {"Pole", "SignSymbol", "Car", "Pedestrian", "Bicyclist"}
    assert len(BySize(CITYSCAPES_35).result()["per_class"]) == 11


def test_labels_without_things_are_refused() -> None:
    labels = LabelSet("ground", (Label(0, "grass", (0, 0, 0)), Label(1, "sand", (1, 1, 1), "flat")))
    with pytest.raises(DatasetError, match="ground without a class of human or vehicle or object"):
        BySize(labels)
