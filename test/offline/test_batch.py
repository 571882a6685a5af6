from __future__ import annotations

import os
import signal
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest
from locked import lock
from small_bags import speckled, write_cameras

from segmentation_node.errors import ConfigError, EngineError, ModelError
from segmentation_node.offline.batch import Crew, run_bags
from segmentation_node.offline.job import Request
from segmentation_node.offline.meter import Meter
from segmentation_node.offline.opening import Opening
from segmentation_node.offline.plan import plan
from segmentation_node.offline.workers import run_with_workers, threads_each

CAMERA = "/front/image_raw/compressed"
CREWS = [Crew(), Crew(workers=2)]


def nothing(what: str, done: int, total: int) -> None:
    pass


def planned(drives: Path, name: str) -> tuple[Request, ...]:
    return plan([drives], Request(drives, drives.parent / name))


def files(folder: Path) -> dict[str, bytes]:
    """The bags in a folder, less the manifests: these hold times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".json"
    }


def statuses(report: dict) -> list[str]:
    return [bag["status"] for bag in report["bags"]]


def test_workers_write_the_same_bytes_as_one_process(drives: Path, opening: Opening) -> None:
    for name, crew in zip(("one", "two"), CREWS, strict=True):
        report = run_bags(planned(drives, name), opening, crew, nothing)
        assert (report["done"], report["failed"], report["frames"]) == (3, 0, 9)
    found = files(drives.parent / "two")
    assert set(found) == {"a.mcap", "b.db3", "deep/c/c.mcap", "deep/c/metadata.yaml"}
    assert found == files(drives.parent / "one")


def test_a_folder_that_cannot_be_read_is_named_and_does_not_cost_the_others(
    drives: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drives / "others").mkdir()
    lock(monkeypatch, drives / "others")
    report = run_bags(planned(drives, "out"), opening, Crew(), nothing)
    assert statuses(report) == ["done", "done", "done", "failed"]
    assert "others (Permission denied)" in report["bags"][-1]["error"]
    assert set(files(drives.parent / "out")) == {
        "a.mcap",
        "b.db3",
        "deep/c/c.mcap",
        "deep/c/metadata.yaml",
    }


@pytest.mark.parametrize("crew", CREWS, ids=["one", "workers"])
def test_a_damaged_bag_does_not_cost_the_others(drives: Path, opening: Opening, crew: Crew) -> None:
    data = (drives / "a.mcap").read_bytes()
    (drives / "a.mcap").write_bytes(data[: len(data) // 2])
    report = run_bags(planned(drives, "out"), opening, crew, nothing)
    assert statuses(report) == ["failed", "done", "done"]
    assert report["errors"] == 1
    assert "damaged" in report["bags"][0]["error"]
    report = run_bags(planned(drives, "out"), opening, crew, nothing)
    assert statuses(report) == ["failed", "skipped", "skipped"]


def test_a_killed_worker_costs_its_bag_alone(drives: Path, opening: Opening) -> None:
    write_cameras(drives / "0.mcap", CAMERA, frames=2000, make=speckled)
    requests = planned(drives, "out")

    class KillAtTheLongOne(Meter):
        def moved(self, bag: int, done: int, total: int) -> None:
            if total == 2000:
                for child in active_children():
                    os.kill(child.pid or 0, signal.SIGKILL)

    meter = KillAtTheLongOne(nothing, len(requests))
    outcomes = {one.request: one for one in run_with_workers(requests, opening, 2, meter)}
    assert set(outcomes) == set(requests)
    long = outcomes[requests[0]]
    assert long.status == "failed"
    assert "its process ended with -9" in str(long.error)
    assert not requests[0].output.exists()
    report = run_bags(requests, opening, Crew(), nothing)
    assert report["failed"] == 0
    assert not [path for path in drives.parent.rglob("*") if path.name.endswith(".partial")]


def test_a_network_that_cannot_be_loaded_ends_the_run(drives: Path, opening: Opening) -> None:
    requests = planned(drives, "out")
    with pytest.raises(ModelError):
        run_bags(requests, replace(opening, model="none.onnx"), Crew(workers=2), nothing)
    for crew in CREWS:
        with pytest.raises(EngineError, match="int8"):
            run_bags(requests, replace(opening, precision="int8"), crew, nothing)
    assert not (drives.parent / "out").exists()
    assert not active_children()


def test_progress_counts_bags_and_frames(drives: Path, opening: Opening) -> None:
    told: list[tuple[str, int, int]] = []
    run_bags(planned(drives, "out"), opening, Crew(), lambda *at: told.append(at))
    assert told[0] == ("bags", 0, 3)
    assert told[-2:] == [("frames", 9, 9), ("bags", 3, 3)]
    frames = [done for what, done, _ in told if what == "frames"]
    assert frames == sorted(frames)


@pytest.mark.parametrize("workers", [0, -1, 5000])
def test_a_senseless_number_of_workers_is_refused(workers: int) -> None:
    with pytest.raises(ConfigError, match=f"--workers {workers}"):
        Crew(workers=workers)


def test_cores_are_shared_out() -> None:
    cores = len(os.sched_getaffinity(0))
    assert threads_each(1) == cores
    assert threads_each(cores) == threads_each(10 * cores) == 1
