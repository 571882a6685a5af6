from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segmentation_node import doctor as room
from segmentation_node.cli.app import app
from segmentation_node.doctor import Finding
from segmentation_node.transport.profiles import VARIABLES

FINE = Finding("python", "yaml", "ok", "6.0")
ABSENT = Finding("ros", "rclpy", "missing", "not installed", "pip install '.[ros-wheels]'")
BROKEN = Finding("models", "camvid", "missing", "damaged", "install again", essential=True)


def run(monkeypatch: pytest.MonkeyPatch, *findings: Finding, words: tuple[str, ...] = ()) -> object:
    def examine() -> Iterator[Finding]:
        yield from findings

    monkeypatch.setattr(room, "examine", examine)
    return CliRunner().invoke(app, ["doctor", *words])


def test_every_finding_is_a_row_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, FINE, ABSENT)
    assert result.exit_code == 0
    assert "6.0" in result.output
    # Brackets are not taken for markup.
    assert "pip install '.[ros-wheels]'" in result.output


def test_only_a_broken_essential_is_an_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, FINE, ABSENT).exit_code == 0
    assert run(monkeypatch, FINE, BROKEN).exit_code == 1


def test_json_holds_the_same_also_when_something_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "doctor.json"
    run(monkeypatch, FINE, BROKEN, words=("--json", str(file)))
    report = json.loads(file.read_text())
    assert report["works"] is False
    assert [one["name"] for one in report["findings"]] == ["yaml", "camvid"]


def test_cleaning_is_all_that_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "clean_shared_memory", lambda: "removed 2 files")
    result = run(monkeypatch, BROKEN, words=("--clean-shm",))
    assert (result.exit_code, result.output) == (0, "removed 2 files\n")


def test_a_shell_can_take_over_the_dds_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "RMW_IMPLEMENTATION", "FASTDDS_BUILTIN_TRANSPORTS"):
        monkeypatch.delenv(name, raising=False)
    printed = run(monkeypatch, words=("--dds-environment",)).stdout
    shell = f'{printed}\nprintf %s "$FASTRTPS_DEFAULT_PROFILES_FILE"'
    value = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout
    assert Path(value).is_file()
