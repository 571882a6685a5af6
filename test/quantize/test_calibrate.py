from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.quantize.activations import watch
from segmentation_node.quantize.calibrate import Method, calibrate
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.placement import place

SIZE = NetworkSize(64, 96)


@pytest.fixture(scope="module")
def tensors(fcn):
    return list(place(Graph(fcn)).pairs)


def images(count=4):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(1, 3, 64, 96)).astype(np.float32) for _ in range(count))


def run(fcn, tensors, count=4, **method):
    return calibrate(fcn, tensors, lambda: images(count), count, SIZE, Method(**method))


def test_minmax_is_the_largest_magnitude_over_all_images(fcn, tensors):
    found = run(fcn, tensors, name="minmax")
    for name in tensors:
        seen = [np.abs(values[name]).max() for values in watch(fcn, tensors, images, SIZE)]
        assert found[name].range == max(seen)


def test_means_are_those_of_each_channel(fcn, tensors):
    found = run(fcn, tensors, name="minmax")
    seen = [values["pool.out"].mean(axis=(0, 2, 3)) for values in watch(fcn, tensors, images, SIZE)]
    assert found["pool.out"].means == pytest.approx(np.mean(seen, axis=0), abs=1e-5)


@pytest.mark.parametrize("name", ["entropy", "percentile"])
def test_other_ranges_are_at_most_the_largest_magnitude(fcn, tensors, name):
    largest = run(fcn, tensors, name="minmax")
    found = run(fcn, tensors, name=name, percentile=99.0)
    assert all(0 < found[tensor].range <= largest[tensor].range for tensor in tensors)
    assert found["project.out" if "project.out" in tensors else "image"].range < 4.5


def test_progress_counts_the_runs(fcn, tensors):
    seen = []
    calibrate(
        fcn, tensors, images, 4, SIZE, Method(), lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_memory_does_not_grow_with_the_number_of_images(fcn, tensors):
    def peak(count):
        tracemalloc.start()
        run(fcn, tensors, count, name="entropy")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # what is made once
    assert peak(60) < 1.05 * peak(20)


def test_an_activation_that_is_no_number_is_named(fcn, tensors):
    def broken():
        yield np.full((1, 3, 64, 96), np.nan, np.float32)

    with pytest.raises(ModelError, match=r"an activation of nan in \S+; expected finite"):
        calibrate(fcn, tensors, broken, 1, SIZE, Method())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "mean"}, "the method 'mean'; expected one of auto, percentile, minmax, entropy"),
        ({"bins": 1000}, "1000 bins"),
        ({"percentile": 0.5}, "the percentile 0.5; expected above 50"),
    ],
)
def test_methods_that_are_none_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        Method(**options)
