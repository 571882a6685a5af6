from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.offline.batch import Crew, run_bags
from segmentation_node.offline.job import Request
from segmentation_node.offline.opening import Opening
from segmentation_node.offline.plan import plan


def labels_and_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.*") if path.suffix != ".json"}


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for Ray's sockets, whose paths may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:
        yield Path(folder)


def test_a_local_ray_writes_the_same_bytes(
    drives: Path, opening: Opening, short_folder: Path
) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    damaged = drives / "deep" / "c" / "c.mcap"
    damaged.write_bytes(damaged.read_bytes()[:-50])
    alone, shared = drives.parent / "alone", drives.parent / "shared"
    run_bags(plan([drives], Request(drives, alone)), opening, Crew(), lambda *at: None)
    # As a process of its own, whose end is also the end of Ray.
    words = ["run", drives, "-o", shared, "--model", opening.model, "--precision", "fp32"]
    words += ["--ray", "local", "--workers", "2", "--json", drives.parent / "report.json"]
    done = subprocess.run(
        [sys.executable, "-m", "segmentation_node.cli.app", *map(str, words)],
        # Ray ends tasks where the machine's memory is short, whoever uses it.
        env={
            **os.environ,
            "RAY_TMPDIR": str(short_folder),
            "RAY_memory_monitor_refresh_ms": "0",
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    report = json.loads((drives.parent / "report.json").read_text())
    assert [bag["status"] for bag in report["bags"]] == ["done", "done", "failed"]
    assert "damaged" in report["bags"][2]["error"]
    assert set(labels_and_all(shared)) == {"a.mcap", "b.db3"}
    assert labels_and_all(shared) == labels_and_all(alone)


def test_ray_says_where_there_is_no_cluster(drives: Path, opening: Opening) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    requests = plan([drives], Request(drives, drives.parent / "out"))
    with pytest.raises(ConfigError, match=r"--ray 127\.0\.0\.1:1 \(.*refused"):
        run_bags(requests, opening, Crew(ray="127.0.0.1:1"), lambda *at: None)


def test_a_missing_ray_is_named_with_what_to_install(
    drives: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    requests = plan([drives], Request(drives, drives.parent / "out"))
    with pytest.raises(ConfigError, match="pip install ray"):
        run_bags(requests, opening, Crew(ray="auto"), lambda *at: None)
