from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.drift_trace import day_reference, draw, main, trace
from segmentation_node.core.drift import DriftMonitor, DriftSettings
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.media.images import read_image
from segmentation_node.scenes import Drive

SIZE = NetworkSize(48, 80)


def test_a_drive_into_the_night_is_traced_and_drawn(tmp_path: Path) -> None:
    monitor = DriftMonitor(day_reference([1, 2], SIZE), DriftSettings(window_s=2.0, raise_s=1.0))
    drive = Drive(7, SIZE.height, SIZE.width, "day_to_night", fps=1.0, length_s=8.0)
    moments = list(trace(drive, 10, monitor))
    assert [moment.time_s for moment in moments] == [float(second) for second in range(10)]
    assert moments[0].mean == moments[0].frame
    assert not moments[0].drifts
    assert "darker" in {drift.comparison for drift in moments[-1].drifts}
    draw(tmp_path / "drift.png", moments, monitor.limits, "a drive")
    assert read_image(tmp_path / "drift.png").shape[0] > 500


def test_the_command_says_what_was_warned_of_and_since_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--size", "48x80", "--seconds", "12", "--fps", "1", "--days", "1"]
    assert main(["-o", str(tmp_path / "drift.png"), *given]) == 0
    assert " s: input is darker than 99 % of the calibration set for 5 s" in capsys.readouterr().out
    assert (tmp_path / "drift.png").is_file()


def test_what_is_wrong_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--fps", "0"])
    assert "positive numbers" in capsys.readouterr().err
