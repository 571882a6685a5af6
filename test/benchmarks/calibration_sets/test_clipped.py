from __future__ import annotations

import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from benchmarks.calibration_sets.clipped import clipped, ranges_of
from segmentation_node.bench.precision.networks import Quantising, network
from segmentation_node.bench.precision.variants import Variant


def images(lit, light):
    return sorted((lit.rendered / "val" / "images").glob(f"{light}_*.jpg"))


@pytest.fixture(scope="module")
def ranges(lit, tmp_path_factory):
    """Of the little network, its largest activations by night."""
    how = Quantising(tuple(images(lit, "night")))
    folder = tmp_path_factory.mktemp("networks")
    made = network(
        str(lit.model), Variant("night", "int8", "minmax"), how, folder, lambda *_: None, print
    )
    return ranges_of(made.path)


def test_nothing_lies_beyond_the_largest_values_of_the_same_images(lit, ranges):
    beyond, total = clipped(str(lit.model), None, {"night": ranges}, images(lit, "night"))["night"]
    assert beyond == 0
    assert total > 0


def test_versions_are_counted_apart(lit, ranges):
    half = {name: value / 2 for name, value in ranges.items()}
    found = clipped(str(lit.model), None, {"all": ranges, "half": half}, images(lit, "night"))
    assert found["all"][0] == 0 < found["half"][0] < found["half"][1]
    assert found["all"][1] == found["half"][1]


def test_a_range_of_nothing_clips_all_that_is_not_zero(lit, ranges):
    found = clipped(str(lit.model), None, {"none": {"image": 0.0}}, images(lit, "day"))["none"]
    assert found[0] > 0.99 * found[1]
    assert found[1] == 4 * 3 * 64 * 96


def test_a_float_network_has_no_ranges(lit):
    assert ranges_of(lit.model) == {}
