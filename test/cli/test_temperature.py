from __future__ import annotations

import json

import numpy as np
import pytest
from command import run
from small_network import onnx_bytes, write_network

from segmentation_node.engines.cache import model_sha256
from segmentation_node.media.images import write_image
from segmentation_node.model import load_model


@pytest.fixture
def model(tmp_path):
    return write_network(tmp_path, onnx_bytes(11), labels="camvid11")


@pytest.fixture
def street(tmp_path):
    random = np.random.default_rng(0)
    for name in ("0001TP_1", "0001TP_2"):
        write_image(
            tmp_path / "val" / "images" / f"{name}.jpg",
            random.integers(0, 256, (48, 64, 3), np.uint8),
        )
        write_image(
            tmp_path / "val" / "labels" / f"{name}.png", random.integers(0, 11, (48, 64), np.uint8)
        )
    return tmp_path


def test_the_fitted_temperature_is_told_and_the_sidecar_left_alone(model, street, tmp_path):
    out, before = tmp_path / "fit.json", model.with_suffix(".yaml").read_bytes()
    words = ("--model", model, "--data", street, "--size", "64x96", "--limit", 1, "--json", out)
    result = run("temperature", *words)
    fit = json.loads(out.read_text())
    assert fit["images"] == 1 and fit["before"] == 1.0
    assert fit["nll_after"] <= fit["nll_before"]
    assert f"1.000 before, {fit['temperature']:.3f} fitted" in result.stdout
    assert model.with_suffix(".yaml").read_bytes() == before


def test_it_is_written_into_the_sidecar_where_that_is_asked_for(model, street, tmp_path):
    out = tmp_path / "fit.json"
    words = ("--model", model, "--data", street, "--size", "64x96", "--write", "--json", out)
    assert "written into" in run("temperature", *words).stdout
    fitted = json.loads(out.read_text())["temperature"]
    assert load_model(model).temperature == pytest.approx(fitted, abs=5e-4)


def test_one_fitted_to_a_converted_network_goes_to_the_sidecar_that_holds_for_it(
    model, street, tmp_path
):
    made = {"name": "small.int8", "labels": "camvid11", "source_sha256": model_sha256(model)}
    twin = write_network(tmp_path, onnx_bytes(11, quantised=True), **made)
    before = twin.with_suffix(".yaml").read_bytes()
    words = ("--model", model, "--data", street, "--size", "64x96", "--precision", "int8")
    out = tmp_path / "fit.json"
    assert "small.yaml" in run("temperature", *words, "--write", "--json", out).stdout
    assert twin.with_suffix(".yaml").read_bytes() == before
    fitted = json.loads(out.read_text())["temperature"]
    assert load_model(model).temperature == pytest.approx(fitted, abs=5e-4)
