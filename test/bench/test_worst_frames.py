from __future__ import annotations

import numpy as np
import pytest
from parrot import Parrot, answer

from segmentation_node.bench.accuracy import evaluate
from segmentation_node.bench.worst_frames import WorstFrames
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.datasets import camvid
from segmentation_node.media.images import write_image

ROAD = np.full((20, 20), 3, np.uint8)


def part_wrong(rows: int) -> np.ndarray:
    said = ROAD.copy()
    said[:rows] = 0
    return said


def names(tally: WorstFrames) -> list[str]:
    return [frame["name"] for frame in tally.result()]


def test_the_worst_are_kept_in_order() -> None:
    tally = WorstFrames(CAMVID_11, CAMVID_11, most=3)
    for number, rows in enumerate([1, 9, 0, 5, 3, 7]):
        tally.add(answer(ROAD, part_wrong(rows), f"a_{number}"))
    assert names(tally) == ["a_1", "a_5", "a_3"]
    worst = tally.result()[0]
    assert worst["miou"] == pytest.approx((11 / 20 + 0) / 2, abs=1e-4)
    assert worst["group"] == "a"


def test_of_equals_the_first_is_kept() -> None:
    tally = WorstFrames(CAMVID_11, CAMVID_11, most=1)
    for number in range(3):
        tally.add(answer(ROAD, part_wrong(4), f"a_{number}"))
    assert names(tally) == ["a_0"]


def test_frames_of_which_nothing_counts_are_passed_over() -> None:
    tally = WorstFrames(CAMVID_11, CAMVID_11)
    tally.add(answer(np.full_like(ROAD, 11), ROAD))
    assert tally.result() == []


def test_answers_are_kept_though_their_memory_is_used_again() -> None:
    tally, said = WorstFrames(CAMVID_11, CAMVID_11), part_wrong(5)
    tally.add(answer(ROAD, said))
    said[:] = 7
    assert (tally._heap[0].predicted == part_wrong(5)).all()


def test_the_sheet_shows_errors_in_red_and_what_does_not_count_in_black(tmp_path) -> None:
    true = np.full((120, 240), 3, np.uint8)
    true[:40] = 11
    said = np.full_like(true, 3)
    said[80:] = 0
    write_image(tmp_path / "val" / "images" / "a_1.jpg", np.full((120, 240, 3), 200, np.uint8))
    write_image(tmp_path / "val" / "labels" / "a_1.png", true)
    tally = WorstFrames(CAMVID_11, CAMVID_11)
    score = evaluate(Parrot([said]), camvid(tmp_path, ["val"]), tallies=[tally])
    sheet = tally.draw(score)
    # A third of a panel of 480x240 each: what does not count, what is right, what is wrong.
    errors = sheet[:, 20:500].reshape(-1, 3).astype(int)
    red = (errors[:, 2] > 200) & (errors[:, 1] < 130)
    assert red.sum() == pytest.approx(480 * 80, rel=0.03)
    black = (sheet[:, 20:500] == 0).all(axis=2).sum()
    # The true labels are black there as well: CamVid's colour for unlabelled.
    assert black == pytest.approx(2 * 480 * 80, rel=0.03)
