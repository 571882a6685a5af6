from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_node.errors import ConfigError, DatasetError

pytest.importorskip("onnx", reason="onnx is not installed")

from small_camvid import write_camvid

from segmentation_node.bench.precision.weights import Weights, weights_of
from segmentation_node.datasets import camvid


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return camvid(write_camvid(tmp_path_factory.mktemp("camvid"), frames=2), ["val"])


def test_one_model_is_for_all_groups(data):
    assert weights_of(["camvid"], data) == (Weights("camvid", ("0001TP", "0006R0", "0016E5")),)


def test_a_model_for_a_group_leaves_the_rest_to_the_other(data):
    assert weights_of(["a.onnx", "0006R0=b.onnx"], data) == (
        Weights("b.onnx", ("0006R0",), is_own=True),
        Weights("a.onnx", ("0001TP", "0016E5")),
    )


def test_groups_may_share_a_model_and_need_no_other(data):
    given = ["0001TP=a.onnx", "0006R0=b.onnx", "0016E5=a.onnx"]
    assert [(one.model, one.held_out) for one in weights_of(given, data)] == [
        ("a.onnx", ("0001TP", "0016E5")),
        ("b.onnx", ("0006R0",)),
    ]


def test_a_path_may_hold_the_sign(data):
    (found,) = weights_of(["./rate=0.1.onnx"], data)
    assert (found.model, found.held_out) == ("./rate=0.1.onnx", ())
    assert weights_of(["runs/rate=0.1/a.onnx"], data)[0].model == "runs/rate=0.1/a.onnx"


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["a", "b"], ConfigError, "two models for all groups"),
        (["a", "0001TP=b", "0001TP=c"], ConfigError, "two models for 0001TP"),
        (["0001TP=b"], ConfigError, "no model for 0006R0, 0016E5"),
        (["a", "0002XX=b"], DatasetError, r"the group '0002XX' of camvid/val.*0001TP, 0006R0"),
    ],
)
def test_models_that_do_not_share_out_the_groups_are_refused(data, given, error, message):
    with pytest.raises(error, match=message):
        weights_of(given, data)


def test_weights_are_not_calibrated_on_a_drive_that_they_have_not_seen(data):
    folder = data.samples[0].image.parent
    own = Weights("a", ("0001TP",), is_own=True).calibration([folder])
    assert {path.stem.split("_")[0] for path in own} == {"0006R0", "0016E5"}
    assert len(Weights("a", ("0001TP",)).calibration([folder])) == 6


def test_calibration_images_of_that_drive_alone_are_refused(data):
    images: list[Path] = [one.image for one in data.samples if one.group == "0001TP"]
    with pytest.raises(ConfigError, match="calibration images of 0001TP alone"):
        Weights("a", ("0001TP",), is_own=True).calibration(images)
