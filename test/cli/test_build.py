from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_network import onnx_bytes, write_network
from typer.testing import CliRunner

from segmentation_node.cli.app import app
from segmentation_node.errors import ConfigError, EngineError

pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed")


def build(folder: Path, *words: str) -> tuple[str, dict[str, object]]:
    model = write_network(folder)
    report = folder / "build.json"
    command = ["build", "--model", str(model), "--flavour", "rtx", "--target", "SM86"]
    places = ["--cache", str(folder / "cache"), "--json", str(report)]
    result = CliRunner().invoke(app, [*command, *places, *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, json.loads(report.read_text())


def test_a_build_says_what_it_made_and_why(tmp_path: Path) -> None:
    shown, report = build(tmp_path, "--size", "32x64", "--level", "0", "--workspace", "64")
    assert "no engine of this kind in the cache" in shown
    assert "small.onnx, fp32, 1x3x32x64" in shown
    assert report["key"]["workspace_mib"] == 64
    assert report["is_new"] is True
    assert Path(str(report["path"])).read_bytes().startswith(b"vtrt")


def test_without_a_precision_it_is_what_the_node_would_take(tmp_path: Path) -> None:
    model = write_network(tmp_path, onnx_bytes(quantised=True), "quantised")
    report = tmp_path / "build.json"
    words = ["--model", str(model), "--flavour", "rtx", "--target", "SM86"]
    places = ["--cache", str(tmp_path / "cache"), "--json", str(report)]
    result = CliRunner().invoke(app, ["build", *words, *places], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(report.read_text())["key"]["precision"] == "int8"


def test_a_second_build_finds_the_first(tmp_path: Path) -> None:
    build(tmp_path)
    shown, report = build(tmp_path)
    assert "before, and is whole" in shown
    assert report["is_new"] is False


def test_an_inspection_without_a_gpu_says_so_and_the_report_is_written(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="an NVIDIA GPU with its driver"):
        build(tmp_path, "--inspect")
    assert json.loads((tmp_path / "build.json").read_text())["is_new"] is True


def test_values_out_of_range_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fp32, fp16, int8"):
        build(tmp_path, "--precision", "half")
    assert not (tmp_path / "cache").exists()


def test_an_error_is_one_line(tmp_path: Path) -> None:
    words = ["build", "--model", str(write_network(tmp_path)), "--precision", "fp16"]
    places = ["--flavour", "rtx", "--cache", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-m", "segmentation_node.cli.app", *words, *places],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: received small.onnx, an ONNX in fp32")
