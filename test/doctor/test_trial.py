from __future__ import annotations

import sys
from pathlib import Path

import pytest

from segmentation_node.doctor import trial

SUBJECTS = {
    "tells": "print('chatter'); print('{\"a\": 1}')",
    "fails": "print('{}'); raise ValueError('no such thing')",
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "exits": "raise SystemExit(3)",
    "hangs": "import threading; threading.Event().wait()",
}


@pytest.fixture(autouse=True)
def subjects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that behave in each of the ways that a trial may meet."""
    for name, source in SUBJECTS.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_the_last_line_is_what_was_found_out() -> None:
    assert trial.run("tells") == trial.Trial({"a": 1})


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("fails", "ValueError: no such thing"),
        ("crashes", "ended by SIGSEGV"),
        ("exits", "exit status 3"),
        ("absent", f"{sys.executable}: No module named absent"),
    ],
)
def test_a_failure_is_one_line(name: str, problem: str) -> None:
    assert trial.run(name).problem == problem


def test_a_program_that_hangs_is_ended() -> None:
    assert trial.run("hangs", timeout_s=0.3).problem == "no answer within 0 s"
