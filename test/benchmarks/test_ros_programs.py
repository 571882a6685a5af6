"""Programs of a measurement: what they say, and that they end."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from benchmarks import ros_programs
from benchmarks.ros_programs import running
from segmentation_node.errors import TransportError

TO_NOBODY = ["/nobody", "--rate", "1", "--size", "36x64", "--frames", "1"]


@pytest.mark.dds
def test_a_program_that_hangs_is_ended(domain_id: int) -> None:
    with (
        running("camera_source", TO_NOBODY, domain_id) as source,
        pytest.raises(TransportError, match="the end of camera_source before it said 'done'"),
    ):
        source.event("done", within_s=1.0)


def test_a_program_outside_of_ros_is_started_by_its_full_name(domain_id: int) -> None:
    with (
        running("benchmarks.race.alone", ["--help"], domain_id) as alone,
        pytest.raises(TransportError, match="before it said 'ready'"),
    ):
        alone.event("ready")


def test_a_program_that_does_not_end_when_told_to_is_killed(
    domain_id: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    module += 'print(\'{"event": "ready"}\', flush=True)\nsignal.pause()\n'
    (tmp_path / "stubborn").mkdir()
    (tmp_path / "stubborn" / "deaf.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(ros_programs, "END_S", 0.5)
    with running("stubborn.deaf", [], domain_id) as deaf:
        deaf.event("ready")
        with pytest.raises(TransportError, match="before it said 'bye'"):
            deaf.end("bye")
    with running("stubborn.deaf", [], domain_id) as deaf:
        deaf.event("ready")
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(deaf.pid)
