"""A race of seconds, with small images and a small network, over real DDS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_network import write_network

from benchmarks.race.__main__ import main

# Each run starts three programs or four: on a machine that others keep busy that takes minutes.
pytestmark = [pytest.mark.dds, pytest.mark.timeout(900)]


@pytest.fixture
def words(tmp_path: Path, domain_id: int) -> list[str]:
    """The command line but for what is measured."""
    network = ["--model", str(write_network(tmp_path)), "--network-size", "64x96"]
    ours = ["--engine", "openvino", "--precision", "fp32", "--domain", str(domain_id)]
    little = ["--cameras", "48x64", "--seconds", "1", "--rate", "10"]
    return [*network, *ours, *little, "--output", str(tmp_path)]


def written(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def test_contenders_and_references_are_raced_and_judged(tmp_path: Path, words: list[str]) -> None:
    once = ["--rounds", "1", "--slow-rate", "10", "--qos", "reliable"]
    status = main([*words, *once, "--contenders", "ours", "naive_engine", "alone"])
    figures = written(tmp_path, "race")
    assert status in {0, 1}
    assert figures["failures"] == []
    assert len(figures["results"]) == 3
    for result in figures["results"]:
        assert result["sent"] == 10
        assert 0 < result["received"] == 10 - result["lost"]
        assert result["latency_ms"]["p50"] > 0
    assert all(one["segment_ms"] for one in figures["results"] if one["contender"] == "alone")
    facts = [one["facts"] for one in figures["results"]]
    assert {one["network_size"] for one in facts} == {"64x96"}
    assert {one["precision"] for one in facts} == {"fp32"}
    assert [goal["verdict"] for goal in figures["goals"]][1::2] == ["not measured"] * 2
    assert "## 48x64 at 10 Hz, reliable" in (tmp_path / "race.md").read_text("utf-8")
    assert (tmp_path / "race.png").stat().st_size


def test_every_millisecond_of_a_frame_is_accounted_for(tmp_path: Path, words: list[str]) -> None:
    assert main([*words, "--profile"]) == 0
    figures = written(tmp_path, "profile")
    parts = sum(part["mean"] for part in figures["parts"].values())
    assert parts == pytest.approx(figures["latency_ms"]["mean"], abs=0.01)
    assert 0 < figures["frames"] <= figures["sent"] == 10
    assert (tmp_path / "profile.png").stat().st_size


def test_real_time_is_told_with_the_size_that_was_chosen(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([*words, "--network-size", "auto", "--sustained", "--seconds", "3"])
    figures = written(tmp_path, "sustained")
    assert status == int(not figures["is_real_time"])
    assert figures["node"]["network_size"] == "64x96"
    assert "of a frame at 10 Hz" in figures["node"]["network_size_reason"]
    assert figures["sent"] == 30
    assert "real time: 48x64 at 10 Hz for 3 s, small at 64x96" in capsys.readouterr().out


def test_what_cannot_be_raced_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--contenders", "nobody"]) == 2
    assert "received the contenders nobody" in capsys.readouterr().err
