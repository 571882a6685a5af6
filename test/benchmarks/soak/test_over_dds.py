"""A short soak through a real node: every phase is played, judged and told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.ros.soak_phases import PHASES
from benchmarks.soak.__main__ import main
from benchmarks.soak.verdicts import JUDGES

pytestmark = pytest.mark.dds

SHORT = "--seconds 2 --warm-up 0 --rate 10 --hold 0.5 --changes 5 --cycles 2 --runs 0"
SMALL = "--camera 48x64 --model rendered --network-size 64x96 --precision fp32"


def test_every_phase_that_is_played_is_judged() -> None:
    assert list(JUDGES) == list(PHASES)


def test_a_node_comes_through_a_short_soak(domain_id: int, tmp_path: Path) -> None:
    words = [*SHORT.split(), *SMALL.split(), "--domain", str(domain_id)]
    status = main([*words, "--output", str(tmp_path)])
    results = json.loads((tmp_path / "soak.json").read_text())
    complaints = {one["name"]: one["complaints"] for one in results["phases"]}
    # In seconds memory is still growing: how much is not judged here.
    complaints["steady"] = [one for one in complaints["steady"] if "memory" not in one]
    complaints["lifecycle_cycles"] = [
        one for one in complaints["lifecycle_cycles"] if "memory" not in one
    ]
    assert not any(complaints.values()), (complaints, (tmp_path / "node.log").read_text())
    assert status == int(not all(one["is_met"] for one in results["phases"]))
    assert results["node"]["network_size"] == "64x96"
    assert (tmp_path / "soak.md").read_text().startswith("# Soak")
    assert (tmp_path / "soak.png").stat().st_size > 10_000


def test_a_node_that_cannot_start_fails_its_soak_with_one_sentence(
    domain_id: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*SHORT.split(), "--model", "/nowhere/net.onnx", "--domain", str(domain_id)]
    assert main([*words, "--output", str(tmp_path)]) == 2
    assert "before it said 'ready'" in capsys.readouterr().err
    assert "/nowhere/net.onnx" in (tmp_path / "node.log").read_text()
