from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, LabelSet
from segmentation_node.media.legend import legend_image


@pytest.mark.parametrize("labels", [CAMVID_11, CITYSCAPES_35])
def test_every_class_has_a_chip_of_its_colour_in_order_and_a_name(labels: LabelSet) -> None:
    image = legend_image(labels)
    for line, label in zip(np.array_split(image, len(labels.labels)), labels.labels, strict=True):
        chip, name = line[:, :30], line[:, 35:]
        assert (chip == label.color).all(axis=2).sum() > 100
        assert (name.min(axis=2) > 150).any()


def test_the_longest_name_has_room() -> None:
    image = legend_image(CITYSCAPES_35)
    paper = image[0, 0]
    assert (image[:, -5:] == paper).all()
    assert (image[-5:] == paper).all()
