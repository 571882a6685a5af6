"""What the fuzzer says is read to the end: no crash passes for a clean run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz.campaign import Limits, Outcome, fuzz, read_outcome, table
from segmentation_node.errors import ConfigError, EngineError

CLEAN = """\
INFO: Seed: 1
#2\tINITED cov: 40 ft: 41 corp: 1/8b exec/s: 0 rss: 80Mb
#64\tNEW    cov: 45 ft: 60 corp: 2/9b lim: 8 exec/s: 0 rss: 85Mb L: 4/5 MS: 1 CopyPart-
#1000\tDONE   cov: 50 ft: 70 corp: 3/9b lim: 8 exec/s: 500 rss: 91Mb
Done 1000 runs in 2 second(s)
"""
RAISED = """\
#2\tINITED cov: 40 ft: 41 corp: 1/8b exec/s: 0 rss: 80Mb

 === Uncaught Python exception: ===
IndexError: list index out of range
Traceback (most recent call last):
==7== ERROR: libFuzzer: fuzz target exited
artifact_prefix='findings/jpeg-'; Test unit written to findings/jpeg-crash-1234
"""


def test_a_clean_run_gives_its_figures() -> None:
    assert read_outcome("jpeg", CLEAN, 0) == Outcome("jpeg", 1000, 2, 50, 91, 91)


def test_an_exception_is_a_finding_with_its_input() -> None:
    found = read_outcome("jpeg", RAISED, 77)
    assert found.finding.endswith("(findings/jpeg-crash-1234)")
    assert "IndexError" in found.finding
    assert "IndexError" in table([found])


@pytest.mark.parametrize(("said", "status"), [(CLEAN, -11), ("", 1), ("", 0)])
def test_what_does_not_end_well_is_a_finding(said: str, status: int) -> None:
    assert read_outcome("jpeg", said, status).finding


def test_a_reader_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'gif'.*message, compressed, jpeg"):
        fuzz("gif", tmp_path, Limits(1))


def test_without_the_fuzzer_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EngineError, match="pip install atheris"):
        fuzz("jpeg", tmp_path, Limits(1))


def test_the_guided_fuzzer_runs_and_leaves_what_it_learnt(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="Atheris has wheels for x86-64 alone")
    found = fuzz("onnx", tmp_path, Limits(300))
    assert found.finding == ""
    assert found.runs >= 300
    assert found.rss_late_mb > 0
    assert list((tmp_path / "inputs" / "onnx").iterdir())
