"""Percentiles: as NumPy has them, straight lines between, and nothing beyond what is known."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.percentiles import PERCENTS, Percentiles
from segmentation_node.errors import ConfigError


def test_those_of_a_set_are_numpys() -> None:
    figures = np.random.default_rng(0).normal(100, 20, 500).tolist()
    spread = Percentiles.of(figures)
    assert spread.is_whole
    for percent in PERCENTS:
        assert spread.at(percent) == pytest.approx(np.percentile(figures, percent))
    assert spread.at(0) == min(figures)
    assert spread.at(100) == max(figures)


def test_between_two_it_is_a_straight_line() -> None:
    spread = Percentiles((0, 50, 100), (0.0, 10.0, 110.0))
    assert (spread.at(25), spread.at(75)) == (5.0, 60.0)


def test_beyond_what_is_known_nothing_is_said() -> None:
    spread = Percentiles((5, 95), (10.0, 20.0))
    assert not spread.is_whole
    with pytest.raises(ConfigError, match="the percentile 99; expected one from 5 to 95"):
        spread.at(99)


@pytest.mark.parametrize(
    ("percents", "values"),
    [((), ()), ((0, 100), (1.0,)), ((0, 0), (1.0, 2.0)), ((0, 50, 100), (1.0, 3.0, 2.0))],
)
def test_what_falls_or_does_not_pair_up_is_refused(
    percents: tuple[int, ...], values: tuple[float, ...]
) -> None:
    with pytest.raises(ConfigError, match="a value at each, in ascending order"):
        Percentiles(percents, values)
