from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from segmentation_node.core.geometry import FitMode, NetworkSize
from segmentation_node.core.percentiles import PERCENTS, Percentiles
from segmentation_node.errors import ModelError
from segmentation_node.fields import Fields
from segmentation_node.model import Spread, load_model
from segmentation_node.model.calibration import FIGURES, read_calibration

VALUES = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 100.0, 140.0, 180.0, 200.0, 210.0, 220.0, 230.5)
SPREAD = {"mean": 100.5, **{f"p{one}": value for one, value in zip(PERCENTS, VALUES, strict=True)}}
OLD_SPREAD = {"mean": 100.5, "p5": 10.0, "p95": 200.0}
CONTENT: dict[str, Any] = {
    "method": "entropy",
    "bins": 2048,
    "percentile": 99.999,
    "size": [256, 512],
    "fit": "letterbox",
    "network_sha256": "a" * 64,
    "images": {
        "count": 2,
        "sha256": "b" * 64,
        "conditions": {"day": 2, "dusk": 0, "night": 0},
        "luminance": SPREAD,
        "contrast": SPREAD,
        "saturation": SPREAD,
        "names": ["a_1.jpg", "a_2.jpg"],
    },
    "float_layers": ["classify"],
    "ranges": {"image": 1.0, "/encoder/Clip_output_0": 6.0},
}


def read(content: Any) -> Any:
    return read_calibration(Fields(content, "net.yaml: calibration", ModelError))


def test_what_is_written_is_read_back() -> None:
    calibration = read(CONTENT)
    assert calibration.size == NetworkSize(256, 512)
    assert calibration.fit is FitMode.LETTERBOX
    assert calibration.images.luminance == Spread(100.5, Percentiles(PERCENTS, VALUES))
    assert calibration.ranges["/encoder/Clip_output_0"] == 6.0
    assert calibration.to_mapping() == CONTENT
    assert read(yaml.safe_load(yaml.safe_dump(calibration.to_mapping()))) == calibration


def test_an_old_sidecar_is_read_with_the_percentiles_that_it_has() -> None:
    images = {**CONTENT["images"], **dict.fromkeys(FIGURES, OLD_SPREAD)}
    old = {**CONTENT, "images": images}
    calibration = read(old)
    assert calibration.images.luminance == Spread(100.5, Percentiles((5, 95), (10.0, 200.0)))
    assert not calibration.images.luminance.percentiles.is_whole
    assert calibration.to_mapping() == old


def test_a_spread_is_rounded_in_the_sidecar() -> None:
    assert Spread.of([0.04, 10.06]).to_mapping()["p100"] == 10.1


def test_a_model_has_it(make_model: Any) -> None:
    assert load_model(make_model({"calibration": CONTENT})).calibration == read(CONTENT)
    assert load_model(make_model({"calibration": {}})).calibration is None


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("method", "mean", "calibration.method"),
        ("bins", 0, "calibration.bins"),
        ("percentile", "all", "calibration.percentile"),
        ("size", [256], "calibration.size"),
        ("fit", "squeeze", "calibration.fit"),
        ("network_sha256", "abc", "calibration.network_sha256"),
        ("images.count", 3, "calibration.images.count"),
        ("images.sha256", "x" * 64, "calibration.images.sha256"),
        ("images.conditions.fog", 3, "calibration.images.conditions.fog"),
        ("images.luminance.mean", 300.0, "calibration.images.luminance.mean"),
        ("images.luminance.p1", "dark", "calibration.images.luminance.p1"),
        ("images.luminance.p98", None, "calibration.images.luminance.p98"),
        ("images.luminance.p10", 70.0, "calibration.images.luminance.p10"),
        ("images.luminance.p20", 70.0, "calibration.images.luminance.p20"),
        ("images.names", [3], "calibration.images.names"),
        ("ranges.image", -1.0, "calibration.ranges.image"),
        ("float_layers", "classify", "calibration.float_layers"),
        ("methods", "entropy", "calibration.methods"),
    ],
)
def test_a_faulty_key_is_named(path: str, value: Any, named: str) -> None:
    content = copy.deepcopy(CONTENT)
    *parents, key = path.split(".")
    place = content
    for parent in parents:
        place = place[parent]
    place[key] = value
    with pytest.raises(ModelError, match=named):
        read(content)


def test_a_missing_key_is_named() -> None:
    content = {key: value for key, value in CONTENT.items() if key != "ranges"}
    with pytest.raises(ModelError, match=r"no ranges in net\.yaml: calibration"):
        read(content)
