from __future__ import annotations

import numpy as np
import pytest
from parrot import answer

from segmentation_node.bench.confusion import Confusion, draw_confusion
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.errors import OutputError
from segmentation_node.media.images import read_image

SCORE = {
    "model": "a network",
    "data": "camvid/val",
    "frames": 1,
    "network_size": "96x128",
    "fit": "letterbox",
    "precision": "fp32",
}


def result(said: int) -> dict:
    tally = Confusion()
    for _ in range(2):
        tally.add(answer(np.full((2, 3), 3, np.uint8), np.full((2, 3), said, np.uint8)))
    return tally.result()


def test_counts_of_all_images_are_kept_by_true_and_predicted_class() -> None:
    found = result(said=4)
    assert found["classes"] == [label.name for label in CAMVID_11.classes]
    assert found["counts"][3][4] == 12
    assert sum(map(sum, found["counts"])) == 12


def test_no_image_gives_no_counts() -> None:
    assert Confusion().result() == {"classes": [], "counts": []}


@pytest.mark.parametrize("said", [4, 11])
def test_the_picture_has_a_dark_cell_where_the_answers_are(tmp_path, said: int) -> None:
    path = tmp_path / "confusion.png"
    draw_confusion(path, {**SCORE, "confusion": result(said)})
    image = read_image(path).astype(int)
    # The darkest blue: one cell of it, and the end of the scale.
    dark = (image[..., 0] > 90) & (image[..., 2] < 30)
    assert 1000 < dark.sum() < 12000
    assert image.shape[1] > 800


def test_a_place_that_cannot_be_written_to_is_said(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can be written"):
        draw_confusion(tmp_path / "file" / "a.png", {**SCORE, "confusion": result(4)})
