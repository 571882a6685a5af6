"""The line through a process's memory: right where it is straight, unmoved by outliers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.soak.growth import growth
from segmentation_node.errors import ConfigError


def test_a_straight_line_is_found() -> None:
    times = np.arange(0.0, 101.0)
    found = growth(times, 200 + 0.02 * times)
    assert (found.seconds, found.level_mib) == (100, pytest.approx(200))
    assert found.percent == pytest.approx(1.0)
    assert found.percent_per_hour == pytest.approx(36.0)
    assert found.to_mapping()["percent"] == pytest.approx(1.0)


def test_an_hour_with_bursts_and_noise_is_judged_by_its_drift() -> None:
    random, times = np.random.default_rng(0), np.arange(3600.0)
    memory = 500 + times * 3.0 / 3600 + random.normal(0, 2, len(times))
    memory[700:1300] += 80  # somebody listens for ten minutes
    least_squares = 100 * np.polyfit(times, memory, 1)[0] * 3600 / 500
    assert growth(times, memory).percent == pytest.approx(0.6, abs=0.25)
    assert abs(least_squares - 0.6) > 3


def test_a_single_step_is_no_growth_that_goes_on() -> None:
    memory = np.full(100, 300.0)
    memory[:10] = 250.0
    assert growth(np.arange(100.0), memory).percent == 0


@pytest.mark.parametrize("samples", [[], [1.0]])
def test_one_sample_is_no_line(samples: list[float]) -> None:
    with pytest.raises(ConfigError, match="two samples"):
        growth(samples, samples)
