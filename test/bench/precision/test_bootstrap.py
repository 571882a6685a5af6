from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.bench.precision.bootstrap import Drop, Resampling, blocks_of, drop_of
from segmentation_node.errors import ConfigError

ALONE = Resampling(block=1)


def frame(hits: tuple[int, int], misses: tuple[int, int]) -> np.ndarray:
    """(2, 3): of two classes, pixels that are right, and pixels that got the other class."""
    return np.array([[hits[0], misses[0], 0], [misses[1], hits[1], 0]], np.int64)


def noisy(seed: int, count: int = 40, lost: int = 0) -> np.ndarray:
    """(n, 2, 3): frames of which 60 to 100 of 200 pixels a class are right, less those lost."""
    hits = np.random.default_rng(seed).integers(60, 100, (count, 2)) - lost
    return np.stack([frame((a, b), (200 - a, 200 - b)) for a, b in hits.tolist()])


def test_blocks_are_neighbours_of_one_drive_and_as_equal_as_can_be() -> None:
    groups = ["a"] * 5 + ["b"] * 2 + ["a"] * 2
    assert blocks_of(groups, 3).tolist() == [0, 0, 0, 1, 1, 3, 3, 2, 2]
    assert blocks_of(groups, 100).tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0]


def test_a_drop_is_that_of_the_summed_matrices() -> None:
    before = np.stack([frame((8, 8), (2, 2)), frame((10, 10), (0, 0))])
    after = np.stack([frame((8, 8), (2, 2)), frame((10, 6), (0, 4))])
    # Before: both classes 18 of 22. After: 18 right of 26 said or true, and 14 of 22.
    found = drop_of(before, after, ["a", "a"], ALONE)
    assert found.points == pytest.approx(100 * (18 / 22 - (18 / 26 + 14 / 22) / 2))


def test_an_interval_is_that_of_all_draws_of_blocks_done_by_hand() -> None:
    one = frame((8, 8), (2, 2))
    worse = frame((4, 8), (6, 2))
    before, after = np.stack([one] * 5), np.stack([worse, one, one, one, one])
    drops = np.random.default_rng(7).multinomial(5, [0.2] * 5, 300)[:, 0]
    by_hand = []
    for times in drops.tolist():
        hits, said = 40 - 4 * times, 50 - 6 * times + 2 * times
        first = hits / (50 + said - hits)
        second = 40 / (50 + (100 - said) - 40)
        by_hand.append(100 * (8 / 12 - (first + second) / 2))
    found = drop_of(before, after, ["a"] * 5, Resampling(1, 300, 7))
    assert [found.low, found.high] == pytest.approx(np.percentile(by_hand, [2.5, 97.5]))


def test_the_same_answers_are_no_drop_and_no_interval() -> None:
    counts = noisy(0)
    found = drop_of(counts, counts, ["a"] * 40, Resampling(block=4))
    assert (found.points, found.low, found.high, found.blocks) == (0, 0, 0, 10)
    assert found.verdict == "within noise"


def test_a_real_drop_is_found_and_a_gain_too() -> None:
    before, after = noisy(0), noisy(0, lost=10)
    found = drop_of(before, after, ["a"] * 40, Resampling(block=4))
    assert found.verdict == "drop"
    assert found.low > 0
    assert found.low < found.points < found.high
    assert drop_of(after, before, ["a"] * 40, Resampling(block=4)).verdict == "gain"


def test_other_frames_of_the_same_kind_are_within_noise() -> None:
    found = drop_of(noisy(0), noisy(1), ["a"] * 40, Resampling(block=4))
    assert found.verdict == "within noise"
    assert found.points != 0


def test_what_is_hard_for_both_cancels() -> None:
    before = noisy(0)
    after = before.copy()
    after[:, 0, 0] -= 1
    after[:, 0, 1] += 1
    paired = drop_of(before, after, ["a"] * 40, ALONE)
    assert paired.verdict == "drop"
    assert paired.high - paired.low < 0.1


def test_neighbours_that_are_alike_widen_the_interval() -> None:
    before = noisy(0, 10).repeat(8, axis=0)
    after = noisy(1, 10).repeat(8, axis=0)
    alone, together = (
        drop_of(before, after, ["a"] * 80, Resampling(block=block)) for block in (1, 8)
    )
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    before, after = noisy(0), noisy(1)
    first, again, other = (
        drop_of(before, after, ["a"] * 40, Resampling(4, 500, seed)) for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_too_few_blocks_are_said_to_be_that() -> None:
    found = drop_of(noisy(0, lost=0), noisy(0, lost=30), ["a"] * 40, Resampling(block=10))
    assert (found.blocks, found.low, found.verdict) == (4, None, "too few blocks")
    assert found.points > 0


def test_a_class_that_is_called_and_never_true_is_no_part_of_the_mean() -> None:
    # Of three classes the last is never true; one precision calls it twice.
    before = np.array([[[10, 0, 0, 0], [0, 10, 0, 0], [0, 0, 0, 0]]])
    after = np.array([[[8, 0, 2, 0], [0, 10, 0, 0], [0, 0, 0, 0]]])
    assert drop_of(before, after, ["a"], ALONE).points == pytest.approx(10)


def test_a_drop_becomes_plain_figures_with_its_verdict() -> None:
    assert Drop(-0.001, -0.2, 0.123, 9).to_mapping() == {
        "verdict": "within noise",
        "points": 0.0,
        "low": -0.2,
        "high": 0.12,
        "blocks": 9,
    }
    assert str(Drop(-0.001, None, None, 2).to_mapping()["points"]) == "0.0"


@pytest.mark.parametrize("wrong", [{"block": 0}, {"resamples": 0}, {"seed": -1}])
def test_settings_that_draw_nothing_are_refused(wrong) -> None:
    with pytest.raises(ConfigError, match="1 frame and 1 draw or more"):
        Resampling(**wrong)
