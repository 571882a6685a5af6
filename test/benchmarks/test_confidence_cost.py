from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_network import write_network

from benchmarks.confidence_cost import main
from segmentation_node.media.images import write_image


def test_both_ways_are_timed_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(3):
        blocks = np.random.default_rng(index).integers(0, 256, (6, 8, 3), np.uint8)
        write_image(tmp_path / f"images/{index}.png", blocks.repeat(10, 0).repeat(10, 1))
    given = ["--model", str(write_network(tmp_path)), "--images", str(tmp_path / "images")]
    given += ["--network-size", "64x96", "--camera", "72x128", "--precision", "fp32"]
    figures = tmp_path / "cost.json"
    assert main([*given, "--pairs", "5", "--frames", "2", "--json", str(figures)]) == 0
    found = json.loads(figures.read_text())
    assert (found["pairs"], found["pixels"]) == (5, 2 * 72 * 128)
    assert found["largest_difference"] <= 1
    assert found["precision"] == "fp32"
    assert all(
        0 < found[f"{name}_ms"]["p50"] <= found[f"{name}_ms"]["p95"] for name in ("dense", "fast")
    )
    assert "times as fast" in capsys.readouterr().out


def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--model", str(tmp_path / "none.onnx")])
    assert "none.onnx" in capsys.readouterr().err
