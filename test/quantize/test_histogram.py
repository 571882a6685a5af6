from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.quantize.histogram import MagnitudeHistogram

VALUES = arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32))


def filled(*images, bins=2048):
    histogram = MagnitudeHistogram(bins)
    for image in images:
        histogram.update(image)
    return histogram


def in_one_pass(values, width):
    return np.bincount(np.floor(np.abs(values.astype(np.float64)) / width).astype(int))


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=5))
def test_counts_are_those_of_one_pass_at_the_final_range(images):
    histogram = filled(*images)
    together = np.concatenate(images)
    if together.any() and histogram.largest > 2.0**-60:
        assert np.array_equal(histogram.counts, in_one_pass(together, histogram.bin_width))
    assert histogram.largest == np.abs(together).max()
    assert histogram.total == together.size == histogram.counts.sum()
    assert histogram.zeros == (together == 0).sum()


@settings(deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=5))
def test_the_order_of_images_does_not_matter(images):
    forth, back = filled(*images), filled(*images[::-1])
    assert np.array_equal(forth.counts, back.counts)
    assert forth.bin_width == back.bin_width


@pytest.mark.parametrize("largest", [1e-5, 0.7, 1.0, 1.01, 63.9])
def test_at_least_the_bins_asked_for_lie_below_the_largest_value(largest):
    histogram = filled(np.linspace(-largest, largest, 999, dtype=np.float32), bins=4096)
    assert 4096 <= len(histogram.counts) <= 8192 + 1


def test_a_tensor_that_is_zero_on_the_first_image_keeps_its_resolution():
    histogram = filled(np.zeros(100, np.float32), np.full(100, 1e-3, np.float32))
    assert len(histogram.counts) > 2048
    assert (histogram.zeros, histogram.total) == (100, 200)


def test_nothing_but_zeros_is_counted_too():
    histogram = filled(np.zeros(10, np.float32))
    assert histogram.counts.tolist() == [10]
    assert histogram.largest == 0


def test_memory_does_not_grow_with_the_number_of_images():
    histogram = filled(np.ones(1000, np.float32))
    image = np.random.default_rng(0).normal(size=300_000).astype(np.float32)

    def peak(count):
        tracemalloc.start()
        for _ in range(count):
            histogram.update(image)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(15) < 1.1 * peak(5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(ModelError, match="expected finite numbers"):
        filled(np.array([1, bad, 2], np.float32))


@pytest.mark.parametrize("bins", [0, 128, 2047, 3000, 2**20])
def test_bins_that_cannot_be_had_are_refused(bins):
    with pytest.raises(
        ConfigError, match=f"received {bins} bins; expected a power of two from 2048"
    ):
        MagnitudeHistogram(bins)
