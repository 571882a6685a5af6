from __future__ import annotations

import json

import pytest
from command import run
from small_network import write_network

from segmentation_node.bench.benchmark import rows
from segmentation_node.errors import ConfigError, EngineError

QUICK = ["--camera", "72x128", "--frames", 3, "--rounds", 1, "--turn", 0, "--idle", 0]


@pytest.fixture(autouse=True)
def tried_out(monkeypatch):
    """Trials without processes of their own, which take their time."""
    monkeypatch.setattr(rows, "try_out", lambda one, camera: {"error": "", "rss_mib": 100.0})


def test_configurations_are_measured_on_the_screen_and_in_a_file(tmp_path):
    network, out = write_network(tmp_path), tmp_path / "figures.json"
    given = ["--model", network, "--size", "32x64", "--size", "64x96", "--precision", "fp32"]
    done = run("benchmark", *given, *QUICK, "--name", "my machine", "--json", out)
    assert done.exit_code == 0
    for text in ("Speed, size and memory", "Latency by stage", "small 64x96 fp32"):
        assert text in done.stdout
    figures = json.loads(out.read_text())
    assert figures["machine"]["name"] == "my machine"
    assert [row["runs"]["network_size"] for row in figures["rows"]] == ["32x64", "64x96"]


def test_nothing_that_runs_is_an_exit_status(tmp_path):
    done = run("benchmark", "--model", tmp_path / "none.onnx", "--precision", "fp32", *QUICK)
    assert done.exit_code == 1
    assert "none 256x512" not in done.stdout
    assert "none default size fp32" in done.stdout


def test_a_size_that_is_none_is_said_before_anything_is_measured():
    with pytest.raises(ConfigError, match="large"):
        run("benchmark", "--size", "large")


def test_missing_packages_are_named_with_the_way_to_get_them(monkeypatch):
    from segmentation_node.quantize import packages  # noqa: PLC0415

    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(
        EngineError, match=r"no onnx and no onnxruntime; .*install onnx onnxruntime"
    ):
        run("benchmark", "--optimisations")
