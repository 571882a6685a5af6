from __future__ import annotations

import stat

import pytest

from segmentation_node.bench.benchmark import trial
from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.core.geometry import NetworkSize

CAMERA = NetworkSize(72, 128)


def test_memory_and_loading_are_those_of_a_process_of_its_own(street):
    found = trial.try_out(Configuration(str(street.network), precision="fp32"), CAMERA)
    assert found["error"] == ""
    assert found["load_s"] > 0
    assert 0 < found["rss_before_mib"] < found["rss_mib"] <= found["rss_peak_mib"]
    assert found["device_mib"] is None


def test_what_does_not_open_is_a_sentence(tmp_path):
    asked = Configuration(str(tmp_path / "none.onnx")).to_mapping()
    found = trial.measure(asked, CAMERA)
    assert "none.onnx" in found["error"]
    assert list(found) == ["error"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -9 $$", "ended by SIGKILL, as the system does where memory is short"),
        ("kill -11 $$", "ended by SIGSEGV"),
        ("echo first >&2; echo no libfoo.so >&2; exit 3", "failed: no libfoo.so"),
        ("exit 3", "failed: exit status 3"),
    ],
)
def test_however_the_process_ends_it_is_said(tmp_path, monkeypatch, script, said):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(trial.sys, "executable", str(program))
    found = trial.try_out(Configuration("camvid"), CAMERA)
    assert found == {"error": f"its process {'was ' if 'ended' in said else ''}{said}"}
