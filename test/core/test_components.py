from __future__ import annotations

import numpy as np

from segmentation_node.core.components import components


def test_components_have_their_pixels_area_and_foot() -> None:
    mask = np.zeros((8, 10), bool)
    mask[1:3, 1:4] = True
    mask[5:8, 6] = True
    found = components(mask)
    assert len(found) == 2
    assert found.area_px.tolist() == [6, 3]
    assert found.foot_row.tolist() == [3, 8]
    assert (found.index >= 0).tolist() == mask.tolist()
    assert found.index[1, 1] == 0 and found.index[6, 6] == 1


def test_pixels_that_touch_at_a_corner_are_one() -> None:
    assert len(components(np.eye(5, dtype=bool))) == 1


def test_an_empty_mask_has_none_and_a_full_one_has_one() -> None:
    assert len(components(np.zeros((4, 4), bool))) == 0
    assert components(np.ones((4, 4), bool)).area_px.tolist() == [16]


def test_masks_that_are_views_are_read_as_they_are() -> None:
    wide = np.zeros((6, 12), bool)
    wide[:, ::2] = True
    assert components(wide[:, ::2]).area_px.tolist() == [36]
