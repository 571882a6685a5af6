from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from command import run

from segmentation_node.errors import ConfigError, EngineError

if any(find_spec(name) is None for name in ("onnx", "onnxruntime")):
    pytest.skip("onnxruntime is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """A small CamVid and a network of its classes."""
    from little_fcn import little_fcn  # noqa: PLC0415 (it imports onnx)
    from small_camvid import write_camvid  # noqa: PLC0415
    from small_network import write_network  # noqa: PLC0415

    root = write_camvid(tmp_path_factory.mktemp("street"), frames=2)
    write_network(
        root, little_fcn(classes=11).SerializeToString(), "net", labels="camvid11", stride=2
    )
    return root


def test_precisions_are_compared_on_the_screen_and_in_a_file(street, tmp_path):
    out = tmp_path / "figures.json"
    given = ["--data", street, "--model", street / "net.onnx", "--limit", 2, "--size", "32x64"]
    given += ["--calibration", street / "val" / "images", "--calibration-limit", 2, "--block", 1]
    done = run("precision", *given, "--sensitive", 1, "--exclude", "up", "--json", out)
    assert done.exit_code == 0
    for text in ("By precision", "By condition", "int8/percentile", "too few blocks"):
        assert text in done.stdout
    figures = json.loads(out.read_text())
    assert (figures["data"], figures["network_size"]) == ("camvid/val (2 of 6)", "32x64")
    assert figures["weights"][0]["calibration"]["images"] == 2
    floats = {row["name"]: row["networks"][0]["float_layers"] for row in figures["rows"]}
    assert "up" in floats["int8/minmax"] and len(floats["int8/minmax"]) == 3


def test_calibration_images_are_asked_for(street):
    with pytest.raises(ConfigError, match="give --calibration DIR"):
        run("precision", "--data", street, "--model", street / "net.onnx")


def test_data_are_asked_for():
    assert run("precision").exit_code == 2


def test_missing_packages_are_named_with_the_way_to_get_them(monkeypatch, street):
    from segmentation_node.quantize import packages  # noqa: PLC0415

    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(
        EngineError, match=r"no onnx and no onnxruntime; .*install onnx onnxruntime"
    ):
        run("precision", "--data", street)
