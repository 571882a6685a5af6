from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.gpu import __main__ as bench
from benchmarks.gpu import check, checks

Program = Callable[[list[str]], int]


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without PyCUDA, whatever this one has."""
    monkeypatch.setitem(sys.modules, "pycuda", None)
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)


@pytest.mark.parametrize("program", [bench.main, checks.main], ids=["gpu-bench", "gpu-test"])
def test_without_a_gpu_there_is_one_clear_sentence(
    no_gpu: None, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program([]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.count("\n") == 1
    assert told.startswith("received a machine on which nothing can be run on a GPU: no PyCUDA")
    assert "expected an NVIDIA GPU, its driver, PyCUDA and cuda-bindings; fix: run this" in told


def test_missing_packages_are_named_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Gpu:
        def close(self) -> None:
            pass

    monkeypatch.setattr(check, "PyCudaGpu", Gpu)
    monkeypatch.setattr(check.importlib.util, "find_spec", lambda name: None)
    assert checks.main([]) == 2
    told = capsys.readouterr().err
    assert "a Python without pytest, torch, onnx" in told
    assert told.endswith("fix: pip install pytest torch onnx\n")


def test_the_tests_run_alone_and_under_both_tools() -> None:
    made = checks.commands("python3", "/cuda/bin/compute-sanitizer")
    assert list(made) == ["tests", "memcheck", "racecheck"]
    assert made["memcheck"][:7] == [
        *("/cuda/bin/compute-sanitizer", "--error-exitcode", "9", "--tool", "memcheck"),
        # What cuda-bindings and PyTorch ask an older driver in vain is no fault of ours.
        *("--report-api-errors", "no"),
    ]
    for line in made.values():
        assert "python3" in line
        assert checks.KERNELS in line
    assert list(checks.commands("python3", None)) == ["tests"]
    for path in (checks.KERNELS, checks.PIPELINE):
        assert (checks.ROOT / path).is_file()


def test_the_sanitizer_is_found_in_a_toolkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "compute-sanitizer"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert checks.find_sanitizer() == str(tool)


def test_a_run_that_fails_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "check_gpu", lambda *packages: None)
    monkeypatch.setattr(checks, "find_sanitizer", lambda: None)
    for code, word in ((0, "passed"), (1, "FAILED")):
        line = [sys.executable, "-c", f"raise SystemExit({code})"]
        monkeypatch.setattr(checks, "commands", lambda *_, line=line: {"tests": line})
        assert checks.main([]) == code
        out = capsys.readouterr().out
        assert f"tests: {word}" in out
        assert "compute-sanitizer was not found" in out


def test_make_names_both_programs(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    assert "-m benchmarks.gpu.checks" in makefile
    assert "-m benchmarks.gpu --output" in makefile
