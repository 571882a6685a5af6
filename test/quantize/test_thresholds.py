from __future__ import annotations

import math

import numpy as np
import pytest

from segmentation_node.quantize.histogram import MagnitudeHistogram
from segmentation_node.quantize.thresholds import (
    LEVELS,
    _divergences,
    entropy_threshold,
    percentile_threshold,
)


def quantised(counts, levels):
    """Migacz's slide: merge into levels, then spread each level over its bins that hold any."""
    spread = [0.0] * len(counts)
    for level in range(levels):
        bins = range(level * len(counts) // levels, (level + 1) * len(counts) // levels)
        full = [b for b in bins if counts[b] > 0]
        for b in full:
            spread[b] = sum(counts[i] for i in bins) / len(full)
    return spread


def divergence(counts, i):
    """Kullback-Leibler divergence of the first i bins' quantised version, by the definition."""
    p = [float(count) for count in counts[:i]]
    q = quantised(p, LEVELS)
    p[-1] += sum(counts[i:])
    total_p, total_q = sum(p), sum(q)
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return math.inf
    return sum(
        a / total_p * math.log(a / total_p / (b / total_q))
        for a, b in zip(p, q, strict=True)
        if a > 0
    )


def test_the_definition_is_that_of_its_source():
    # The example of the slides: 8 bins to 2 levels.
    assert quantised([1, 0, 2, 3, 5, 3, 1, 7], 2) == [2, 0, 2, 2, 4, 4, 4, 4]


@pytest.mark.parametrize("seed", range(4))
def test_every_divergence_is_that_of_the_definition(seed):
    random = np.random.default_rng(seed)
    counts = np.floor(random.exponential(20, 300) * np.exp(-np.arange(300) / 40))
    counts[random.integers(0, 300, 30)] = 0
    counts[-1] = 1
    slow = [divergence(counts.tolist(), i) for i in range(LEVELS, 301)]
    assert _divergences(counts) == pytest.approx(slow, rel=1e-9, abs=1e-12)


def test_the_threshold_is_the_end_of_the_bins_with_the_least_divergence():
    values = np.abs(np.random.default_rng(0).standard_t(2, 3000)).astype(np.float32)
    histogram = MagnitudeHistogram()
    histogram.update(values)
    counts = histogram.counts.tolist()
    candidates = range(LEVELS, len(counts) + 1, 8)
    slow = {i: divergence(counts, i) for i in candidates}
    best = entropy_threshold(histogram) / histogram.bin_width
    assert divergence(counts, round(best)) <= min(slow.values()) + 1e-12


def heavy_tailed():
    """A bell with a few values far outside, as activations have them."""
    random = np.random.default_rng(1)
    bell = random.normal(size=200_000)
    return np.concatenate([bell, random.uniform(5, 28, 20)]).astype(np.float32)


def histogram_of(values):
    histogram = MagnitudeHistogram()
    histogram.update(values)
    return histogram


def test_a_few_values_far_outside_are_cut_off():
    histogram = histogram_of(heavy_tailed())
    assert histogram.largest > 20
    assert 2.5 < entropy_threshold(histogram) < 8


def test_evenly_spread_values_are_not_cut_off():
    values = np.linspace(0, 6, 100_001, dtype=np.float32)
    assert entropy_threshold(histogram_of(values)) == pytest.approx(6, rel=0.02)


def test_zeros_have_no_say():
    values = heavy_tailed()
    with_zeros = np.concatenate([values, np.zeros(10 * len(values), np.float32)])
    assert entropy_threshold(histogram_of(with_zeros)) == entropy_threshold(histogram_of(values))


@pytest.mark.parametrize("values", [[0, 0, 0], [0, 5, 5], [3]])
def test_few_different_values_keep_their_largest(values):
    array = np.array(values, np.float32)
    assert entropy_threshold(histogram_of(array)) == pytest.approx(array.max(), rel=1e-3)


@pytest.mark.parametrize("percentile", [90, 99, 99.9, 100])
def test_percentiles_are_right_to_a_bin(percentile):
    values = heavy_tailed()
    histogram = histogram_of(values)
    exact = np.percentile(np.abs(values), percentile, method="inverted_cdf")
    found = percentile_threshold(histogram, percentile)
    assert exact <= found <= exact + histogram.bin_width
