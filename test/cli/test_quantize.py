from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
from command import run

from segmentation_node.engines import open_engine
from segmentation_node.errors import ConfigError, EngineError
from segmentation_node.media.images import write_image
from segmentation_node.model import load_model

if any(find_spec(name) is None for name in ("onnx", "onnxruntime")):
    pytest.skip("onnxruntime is not installed", allow_module_level=True)


@pytest.fixture
def little(tmp_path):
    """A little network with its sidecar, and a folder of images."""
    from little_fcn import little_fcn  # noqa: PLC0415 (it imports onnx)
    from small_network import write_network  # noqa: PLC0415

    for index in range(3):
        coarse = np.random.default_rng(index).integers(0, 255, (6, 9, 3), np.uint8)
        write_image(tmp_path / "photos" / f"a_{index}.png", cv2.resize(coarse, (96, 64)))
    return write_network(tmp_path, little_fcn().SerializeToString(), classes=4, stride=2)


def test_a_network_is_quantised_and_found_to_break_no_rule(little, tmp_path):
    out, figures = tmp_path / "q.onnx", tmp_path / "figures.json"
    photos = tmp_path / "photos"
    done = run(
        "quantize",
        "--force",
        "--model",
        little,
        "--images",
        photos,
        "-o",
        out,
        "--method",
        "percentile",
        "--json",
        figures,
    )
    assert done.exit_code == 0
    assert "6 in int8, 1 in float32" in done.stdout
    assert json.loads(figures.read_text())["layers"]["int8"] == 6
    checked = run("quantize", "--check", out)
    assert checked.exit_code == 0
    assert "rules broken: 0; 6 in int8, 1 in float32" in checked.stdout


def test_a_file_that_breaks_a_rule_is_named_and_exits_with_1(little, tmp_path):
    out, figures = tmp_path / "q.onnx", tmp_path / "figures.json"
    photos = tmp_path / "photos"
    run(
        "quantize",
        "--force",
        "--model",
        little,
        "--images",
        photos,
        "-o",
        out,
        "--quantize-last",
        "--method",
        "minmax",
    )
    checked = run("quantize", "--check", out, "--json", figures)
    assert checked.exit_code == 1
    assert "scores: it makes the class scores and is quantised (last-layers)" in checked.stdout
    assert len(json.loads(figures.read_text())["violations"]) == 1
    assert run("quantize", "--check", out, "--quantize-last").exit_code == 0


def test_images_are_asked_for(little, tmp_path):
    with pytest.raises(ConfigError, match="give --images DIR"):
        run("quantize", "--model", little, "-o", tmp_path / "q.onnx")


def test_missing_packages_are_named_with_the_way_to_get_them(monkeypatch, little, tmp_path):
    from segmentation_node.quantize import packages  # noqa: PLC0415

    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(
        EngineError, match=r"no onnx and no onnxruntime; .*install onnx onnxruntime"
    ):
        run("quantize", "--model", little, "-o", tmp_path / "q.onnx", "--precision", "fp16")


def test_without_an_output_it_is_written_where_every_engine_looks_for_it(little, tmp_path):
    photos = tmp_path / "photos"
    done = run("quantize", "--model", little, "--images", photos, "--limit", "2", "--force")
    assert done.exit_code == 0
    made = little.with_name("small.int8.onnx")
    model = load_model(made)
    assert model.source_sha256 == hashlib.sha256(little.read_bytes()).hexdigest()
    with open_engine(load_model(little), engine="openvino", precision="int8") as engine:
        assert engine.model.path == made
        assert engine.precision == "int8"


def test_int8_without_its_file_names_the_command_that_makes_it(little):
    with pytest.raises(EngineError, match=rf"quantize --model {little} --precision int8 --images"):
        open_engine(load_model(little), engine="openvino", precision="int8")


def test_int8_weights_need_an_output_as_no_engine_looks_for_them(little):
    with pytest.raises(ConfigError, match="give --output"):
        run("quantize", "--model", little, "--precision", "int8-weights")


def test_a_file_is_held_against_its_float_network_on_images(little, tmp_path):
    out, photos, figures = tmp_path / "q.onnx", tmp_path / "photos", tmp_path / "figures.json"
    given = ("--model", little, "--images", photos)
    done = run("quantize", "--force", *given, "-o", out)
    assert done.exit_code == 0
    assert "(chosen)" in done.stdout
    checked = run("quantize", "--check", out, *given, "--json", figures)
    said = json.loads(figures.read_text())
    assert said["images"] == 3
    assert "same class" in checked.stdout
    is_bad = "do not use it" in checked.stdout
    assert checked.exit_code == int(is_bad)
