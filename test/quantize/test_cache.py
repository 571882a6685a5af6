from __future__ import annotations

import json
from dataclasses import replace

import pytest

from segmentation_node.errors import OutputError
from segmentation_node.quantize.cache import Conditions, MeasurementCache
from segmentation_node.quantize.measured import Measured

NOW = Conditions("a" * 64, "b" * 64, "entropy 2048 99.999", "64x96", "letterbox")
TENSORS = {"x": Measured(1.5, (0.25, -1.0)), "y": Measured(0.1, (0.3,))}


class Meter:
    """Measures what it is asked for, and remembers it."""

    def __init__(self):
        self.asked = []

    def __call__(self, names):
        self.asked += names
        return {name: TENSORS[name] for name in names}


@pytest.fixture
def path(tmp_path):
    """A file that knows x."""
    path = tmp_path / "net.calibration.json"
    MeasurementCache(path, NOW).tensors(["x"], Meter())
    return path


def test_what_is_in_the_file_is_not_measured_again(path):
    meter, cache = Meter(), MeasurementCache(path, NOW)
    assert cache.tensors(["x"], meter) == {"x": TENSORS["x"]}
    assert (meter.asked, cache.warnings) == ([], [])


def test_what_is_missing_is_measured_and_kept(path):
    meter = Meter()
    assert MeasurementCache(path, NOW).tensors(["y", "x"], meter) == TENSORS
    assert meter.asked == ["y"]
    again = Meter()
    MeasurementCache(path, NOW).tensors(["x", "y"], again)
    assert again.asked == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"network_sha256": "c" * 64}, "network"),
        ({"images_sha256": "c" * 64}, "images"),
        ({"method": "entropy 4096 99.999"}, "method"),
        ({"size": "96x96"}, "size"),
        ({"preprocessing": "stretch"}, "preprocessing"),
    ],
)
def test_whatever_has_changed_everything_is_measured_again_and_it_is_said(path, change, named):
    meter, cache = Meter(), MeasurementCache(path, replace(NOW, **change))
    cache.tensors(["x"], meter)
    assert meter.asked == ["x"]
    (warning,) = cache.warnings
    assert f"was made with other {named}: calibrated again" in warning


def edited(text, **changes):
    return json.dumps({**json.loads(text), **changes})


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace("1.5", "2.5"),
        lambda text: text.replace("1.5", "NaN"),
        lambda text: edited(text, format=0),
        lambda text: edited(text, tensors={"x": 3}),
        lambda text: "\x00\xff",
        lambda text: "[" * 100_000,
    ],
)
def test_a_damaged_file_is_said_and_replaced(path, damage):
    path.write_text(damage(path.read_text()), encoding="latin-1")
    meter, cache = Meter(), MeasurementCache(path, NOW)
    assert cache.tensors(["x"], meter) == {"x": TENSORS["x"]}
    assert meter.asked == ["x"]
    assert "is damaged" in cache.warnings[0]
    assert MeasurementCache(path, NOW).warnings == []


def test_a_place_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="a file that can be written"):
        MeasurementCache(tmp_path / "file" / "x.json", NOW).tensors(["x"], Meter())
