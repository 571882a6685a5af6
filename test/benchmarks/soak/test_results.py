"""What a soak leaves: figures of every phase, a table and a picture that one can look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import psutil
import pytest
from made_up_soak import LATENCY_MS, played

from benchmarks.soak import __main__ as soak_program
from benchmarks.soak.__main__ import main
from benchmarks.soak.chart import draw
from benchmarks.soak.plan import Plan
from benchmarks.soak.play import Played
from benchmarks.soak.run import figures, is_met
from benchmarks.soak.sampler import Sampler
from benchmarks.soak.table import markdown
from benchmarks.soak.verdicts import JUDGES, Verdict
from segmentation_node.errors import ConfigError

ABOUT = {
    "date": "2026-11-22T12:00:00+00:00",
    "machine": {"processor": "a processor", "cores": 2},
    "other_load": {"cores_busy_with_others": 0.05},
    "plan": {"camera": "48x64", "rate_hz": 30.0},
}
CLEAN = {
    "target": "jpeg",
    "runs": 100,
    "seconds": 1,
    "rss_early_mb": 80,
    "rss_late_mb": 81,
    "finding": "",
    "is_met": True,
}


def results(whole: Played) -> dict:
    return {**ABOUT, **figures(whole), "fuzz": [CLEAN]}


def test_every_phase_has_its_figures_and_its_verdict() -> None:
    found = results(played())
    assert [one["name"] for one in found["phases"]] == [*JUDGES, "end"]
    assert is_met(found)
    steady = found["phases"][1]
    assert (steady["sent"], steady["answered"], steady["labels_lost"]) == (10, 10, 0)
    assert steady["latency_ms"] == {"p50": LATENCY_MS, "p99": LATENCY_MS, "max": LATENCY_MS}
    assert found["minutes"] == [
        {"minute": 0, "answered": 10, "p50": LATENCY_MS, "p99": LATENCY_MS, "max": LATENCY_MS}
    ]
    assert found["node"] == {"model": "small", "precision": "fp32"}
    assert found["growth"]["rss_mib"]["percent"] == 0
    assert json.loads(json.dumps(found))["latency_by_ten_seconds"][0] == {
        "begun_s": 0.0,
        "answered": 10,
        "p50": LATENCY_MS,
        "p99": LATENCY_MS,
    }


def test_what_the_node_counted_in_its_last_life_is_not_taken_for_the_whole() -> None:
    cycles = next(one for one in results(played())["phases"] if one["name"] == "lifecycle_cycles")
    assert (cycles["sent"], cycles["answered"], cycles["labels_lost"]) == (10, 10, None)


def test_one_phase_or_one_reader_that_fails_is_enough() -> None:
    ended = replace(played(), end=Verdict(("exit status -11",), "it crashed"))
    assert not is_met(results(ended))
    assert not is_met({**results(played()), "fuzz": [{**CLEAN, "is_met": False}]})


def test_the_table_names_what_failed() -> None:
    ended = replace(played(), end=Verdict(("exit status -11",), "it crashed"))
    text = markdown(results(ended))
    assert "| steady | 10 | 10 | 10 | 0 | 0 | 0 + 0 | 20.00 | 20.00 | held |" in text
    assert "| **FAILED** | exit status -11; it crashed |" in text
    assert "| jpeg | 100 | 1 | 80 | 81 | none |" in text
    assert "resident: 100.0 MiB, +0.000 % in 9 s" in text


def test_a_soak_that_broke_off_is_told_and_drawn_all_the_same(tmp_path: Path) -> None:
    phases = tuple(replace(one, sent=(), error="it had ended") for one in played().phases[:2])
    broken = results(replace(played(), phases=phases, samples=()))
    assert not is_met(broken)
    assert broken["growth"] is None
    assert "it had ended" in markdown(broken)
    draw(tmp_path / "soak.png", broken)
    assert cv2.imread(str(tmp_path / "soak.png")) is not None


def test_the_picture_is_one(tmp_path: Path) -> None:
    draw(tmp_path / "soak.png", results(played()))
    assert cv2.imread(str(tmp_path / "soak.png")).std() > 5


def test_a_process_is_sampled_until_it_ends() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with Sampler(process.pid, period_s=0.01) as sampler:
        while len(sampler.samples) < 3:
            os.sched_yield()
        process.communicate(b"\n")
        sampler._thread.join(60)
        assert not sampler._thread.is_alive()
    one = sampler.samples[0]
    assert one.rss_mib > 0
    assert one.files >= 1
    assert one.threads >= 1
    assert one.private_mib <= one.rss_mib


@pytest.mark.parametrize("changes", [{"seconds": 0}, {"rate_hz": -1.0}, {"fuzz_runs": -1}])
def test_a_soak_of_nothing_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(changes))):
        Plan(**changes)


def test_hours_bring_a_thousand_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []
    monkeypatch.setattr(soak_program, "_soak", lambda plan, _: plans.append(plan))
    for words in ([], ["--hours", "2"], ["--hours", "2", "--cycles", "3"]):
        main(words)
    assert [one.cycles for one in plans] == [200, 1000, 3]
    assert [one.seconds for one in plans] == [120, 7200, 7200]


def test_a_bad_option_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--seconds", "0", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_samples_that_broke_off_are_not_taken_for_all() -> None:
    class Broken(psutil.Process):
        def oneshot(self) -> Any:
            raise ValueError("no such file")

    with Sampler(os.getpid(), period_s=0.01) as sampler:
        sampler._process = Broken(os.getpid())
        sampler._thread.join(timeout=30)
    with pytest.raises(ValueError, match="no such file"):
        sampler.samples  # noqa: B018
