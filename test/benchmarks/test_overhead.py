from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_network import write_network

from benchmarks.overhead import main
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.media.images import write_image

CAMERA = NetworkSize(72, 128)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for index in range(5):
        blocks = np.random.default_rng(index).integers(0, 256, (6, 8, 3), np.uint8)
        write_image(folder / f"{index}.png", blocks.repeat(10, 0).repeat(10, 1))
    return folder


def test_every_pair_and_every_difference_is_in_the_figures(tmp_path: Path, images: Path) -> None:
    figures = tmp_path / "overhead.json"
    given = ["--model", str(write_network(tmp_path)), "--images", str(images)]
    given += ["--network-size", "64x96", "--camera", str(CAMERA), "--precision", "fp32"]
    status = main([*given, "--pairs", "7", "--frames", "3", "--json", str(figures)])
    found = json.loads(figures.read_text())
    assert status == (0 if found["within_target"] else 1)
    assert found["labels_differing"] == 0
    assert (found["pairs"], found["frames"]) == (7, 3)
    assert found["precision"] == "fp32"
    assert found["camera"] == "72x128 bgr8"
    for name in ("bare", "segment", "preprocess", "inference", "postprocess"):
        times = found[f"{name}_ms"]
        assert 0 < times["p50"] <= times["p95"]
    assert set(found["ratio"]) == {"p50", "p95"}


def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--model", str(tmp_path / "none.onnx"), "--images", str(images)])
    assert "none.onnx" in capsys.readouterr().err
