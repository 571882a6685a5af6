from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35
from segmentation_node.drawing.legend import legend


def colors(image: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, image.reshape(-1, 3).tolist()))


@pytest.mark.parametrize("labels", [CAMVID_11, CITYSCAPES_35])
def test_the_legend_shows_every_class_in_its_colour(labels) -> None:
    image = legend(labels, 1920)
    assert {label.color[::-1] for label in labels.classes} <= colors(image)
    assert image.shape[0] % 2 == 0


def test_a_legend_too_wide_for_one_line_takes_more() -> None:
    assert legend(CAMVID_11, 400).shape[0] > 2 * legend(CAMVID_11, 1920).shape[0]
