from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.band_metrics import BandCounts, Bands
from segmentation_node.core.components import Components, components
from segmentation_node.errors import ConfigError, DatasetError

BANDS = Bands(("small", "large"), (10,))


def by_area(found: Components) -> NDArray[np.int64]:
    return BANDS.of(found.area_px)


def counts(true: NDArray[np.bool_], said: NDArray[np.bool_]) -> BandCounts:
    counted = BandCounts(("car",), BANDS)
    counted.add("car", components(true), components(said), by_area)
    return counted


def blank() -> NDArray[np.bool_]:
    return np.zeros((20, 20), bool)


def two_cars() -> NDArray[np.bool_]:
    """One of 9 pixels, one of 20."""
    mask = blank()
    mask[1:4, 1:4] = True
    mask[10:14, 10:15] = True
    return mask


def test_a_value_at_an_edge_is_in_the_next_band() -> None:
    assert BANDS.of(np.array([0, 9, 10, 500])).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("names", "edges"), [(("a",), (1.0,)), (("a", "b", "c"), (2.0, 1.0))])
def test_bands_that_do_not_fit_their_edges_are_refused(names, edges) -> None:
    with pytest.raises(ConfigError, match="edges"):
        Bands(names, edges)


def test_pixels_count_in_the_band_of_their_thing() -> None:
    said = two_cars()
    said[1:4, 1:4] = False
    said[10, 10:15] = False
    counted = counts(two_cars(), said)
    assert counted.things.tolist() == [[1, 1]]
    assert counted.hits.tolist() == [[0, 15]]
    assert counted.misses.tolist() == [[9, 5]]
    assert counted.recall.tolist() == [[0, 0.75]]
    assert counted.found.tolist() == [[0, 1]]
    assert counted.found_share.tolist() == [[0, 1]]


def test_half_of_its_pixels_make_a_thing_found() -> None:
    true, said = blank(), blank()
    true[0, 0:8] = True
    said[0, 0:4] = True
    assert counts(true, said).found.tolist() == [[1, 0]]
    said[0, 3] = False
    assert counts(true, said).found.tolist() == [[0, 0]]


def test_false_pixels_around_a_thing_are_charged_to_its_band() -> None:
    said = two_cars()
    said[0:5, 0:5] = True  # 25 pixels around the small car: itself a large component
    counted = counts(two_cars(), said)
    assert counted.false.tolist() == [[16, 0]]
    assert counted.iou[0, 0] == 9 / 25
    assert counted.iou[0, 1] == 1


def test_a_claim_over_two_things_is_charged_to_the_one_it_overlaps_most() -> None:
    said = blank()
    said[1:14, 1:15] = True
    counted = counts(two_cars(), said)
    assert counted.false.tolist() == [[0, 13 * 14 - 29]]


def test_a_claim_where_nothing_is_counts_in_the_band_of_its_own_size() -> None:
    said = blank()
    said[0, 0:3] = True
    said[6:12, 6:12] = True
    counted = counts(blank(), said)
    assert counted.false.tolist() == [[3, 36]]
    assert counted.iou.tolist() == [[0, 0]]
    assert np.isnan(counted.recall).all()


@given(st.integers(0, 200))
def test_the_bands_add_up_to_the_class(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, said = (rng.random((2, 5, 5)) < 0.4).repeat(4, axis=1).repeat(4, axis=2)
    said = said ^ (rng.random(said.shape) < 0.1)
    counted = counts(true, said)
    assert counted.hits.sum() == (true & said).sum()
    assert counted.misses.sum() == (true & ~said).sum()
    assert counted.false.sum() == (said & ~true).sum()


def test_images_and_classes_add_up() -> None:
    counted = BandCounts(("car", "person"), BANDS)
    for name in ("car", "person", "car"):
        counted.add(name, components(two_cars()), components(blank()), by_area)
    assert counted.things.tolist() == [[2, 2], [1, 1]]


def test_the_mean_of_a_band_is_over_the_classes_with_things_in_it() -> None:
    counted = BandCounts(("car", "person"), BANDS)
    counted.add("car", components(two_cars()), components(two_cars()), by_area)
    small = blank()
    small[0, 0:3] = True
    # Claims only: it has no thing in any band.
    counted.add("person", components(blank()), components(small), by_area)
    assert counted.mean(counted.iou) == (1, 1)
    empty = BandCounts(("car",), BANDS)
    assert all(math.isnan(score) for score in empty.mean(empty.recall))


def test_components_of_two_images_are_refused() -> None:
    with pytest.raises(DatasetError, match="one image"):
        counts(blank(), np.zeros((3, 3), bool))
