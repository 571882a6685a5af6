"""What each topic says of a machine, good and bad."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from segmentation_node import doctor
from segmentation_node.doctor import engines, files, gpu, memory, models, python, ros, trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.doctor.trial import Trial
from segmentation_node.engines import EngineReport
from segmentation_node.engines.cache import ENVIRONMENT
from segmentation_node.engines.tensorrt_flavour import FLAVOURS
from segmentation_node.errors import ModelError
from segmentation_node.transport.planning import TransportPlan
from segmentation_node.transport.shm import Room, Segment

BROKEN = Trial(problem="ImportError: numpy.core.multiarray failed to import")


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "run", lambda *_, **__: BROKEN)


@pytest.fixture
def with_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "is_there", lambda: True)


def test_python_of_this_machine_works() -> None:
    found = by_name(python.examine())
    assert found["numpy, opencv"].status == found["yaml"].status == "ok"
    assert found["numpy, opencv"].found.startswith("NumPy ")


@pytest.mark.usefixtures("broken")
def test_numpy_and_opencv_that_do_not_fit_are_fatal() -> None:
    found = by_name(python.examine())["numpy, opencv"]
    assert found.is_fatal
    assert "multiarray" in found.found
    assert "numpy<2" in found.remedy


def test_a_package_that_is_not_here_says_what_is_missing_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(python, "version_of", lambda _: None)
    found = by_name(python.examine())["rosbags"]
    assert (found.status, found.is_fatal) == ("missing", False)
    assert found.remedy == "pip install rosbags"


def test_a_package_that_does_not_say_its_version_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "debian_made.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert python.version_of("debian_made") == "version unknown"
    assert python.version_of("nowhere_at_all") is None


def test_the_default_network_really_runs_here() -> None:
    found = by_name(engines.examine())
    assert found["openvino"].status == "ok"
    assert " ms from an image 1280 wide, 720 high" in found["segmentation"].found


@pytest.mark.usefixtures("with_gpu")
def test_an_engine_that_needs_a_gpu_says_what_is_missing_and_is_not_fatal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = EngineReport("tensorrt", problem="received no TensorRT; expected one; fix: install")
    monkeypatch.setattr("segmentation_node.engines.available_engines", lambda: (report,))
    found = next(engines.examine())
    assert (found.name, found.status, found.is_fatal) == ("tensorrt", "missing", False)
    assert "received no TensorRT" in found.found
    assert "nothing to do without an NVIDIA GPU" in found.remedy


@pytest.mark.usefixtures("broken")
def test_a_default_network_that_does_not_run_is_fatal() -> None:
    assert by_name(engines.examine())["segmentation"].is_fatal


def test_the_shipped_models_are_whole() -> None:
    found = by_name(models.examine())
    assert {"camvid"} <= set(found)
    assert all(finding.status == "ok" for finding in found.values())


def test_a_damaged_default_model_is_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: str) -> None:
        raise ModelError("an empty file", "a network", "install again")

    monkeypatch.setattr("segmentation_node.model.load_model", damaged)
    assert by_name(models.examine())["camvid"].is_fatal


def test_no_ros_is_not_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ros, "version_of", lambda _: None)
    found = by_name(ros.examine())
    assert (found["rclpy"].status, found["rclpy"].is_fatal) == ("missing", False)
    assert "ros-wheels" in found["rclpy"].remedy
    assert "images between processes" not in found


@pytest.mark.usefixtures("broken")
def test_ros_that_is_there_but_broken_is_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ros, "_images", lambda: Finding("ros", "images", "ok", ""))
    assert by_name(ros.examine())["rclpy"].is_fatal


@pytest.mark.dds
def test_images_really_go_from_one_process_to_another(domain_id: int) -> None:
    found = by_name(ros.examine())
    assert f"domain {domain_id}" in found["rclpy"].found
    assert found["images between processes"].found.startswith("30 of 30 arrived")


def test_lost_images_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "start", lambda *_: None)
    few = Trial({"received": 7, "p50_ms": 9.0})
    monkeypatch.setattr(trial, "finish", lambda *_: few)
    found = ros._images()
    assert (found.status, found.found) == ("warn", "7 of 30 arrived, p50 9.0 ms")


def segment(name: str, **changes: Any) -> Segment:
    made = Segment(Path("/dev/shm") / name, 70_000_000, os.getuid(), in_use=False)
    return replace(made, **changes)


SEGMENT = "fastrtps_0123456789abcdef"


@pytest.mark.parametrize(
    ("segments", "status"),
    [
        ([], "ok"),
        ([segment("fastrtps_port7412")], "ok"),
        ([segment(SEGMENT, in_use=True)], "ok"),
        ([segment(SEGMENT)], "warn"),
        ([segment("fastrtps_port7412", uid=os.getuid() + 1)], "warn"),
    ],
)
def test_what_killed_processes_left_is_a_warning_where_it_costs_something(
    monkeypatch: pytest.MonkeyPatch, segments: list[Segment], status: str
) -> None:
    monkeypatch.setattr(memory.shm, "segments", lambda: segments)
    assert by_name(memory.examine())["left by killed processes"].status == status


def test_processes_of_another_user_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    other = segment(SEGMENT, in_use=True, uid=os.getuid() + 1)
    monkeypatch.setattr(memory.shm, "segments", lambda: [other])
    found = by_name(memory.examine())["processes now"]
    assert (found.status, str(os.getuid() + 1) in found.found) == ("warn", True)


def test_too_little_shared_memory_is_a_warning_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "plan", lambda: TransportPlan(warnings=("give it --shm-size",)))
    monkeypatch.setattr(memory.shm, "room", lambda: Room(1 << 20, 1 << 20))
    found = by_name(memory.examine())["images over DDS"]
    assert (found.status, found.remedy) == ("warn", "give it --shm-size")
    assert found.found.startswith("1 of 1 MiB")


def test_cleaning_says_what_it_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.shm, "segments", lambda: [segment(SEGMENT)])
    monkeypatch.setattr(memory.shm, "remove_stale", list)
    assert memory.clean() == (
        "removed 1 shared-memory file (67 MiB) of killed processes from /dev/shm"
    )


@pytest.mark.usefixtures("with_gpu")
def test_a_gpu_is_named_with_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "version_of", lambda _: "1.0")
    values = {"gpus": ["NVIDIA Orin"], "driver": "540.4"}
    monkeypatch.setattr(trial, "run", lambda *_: Trial(values))
    assert by_name(gpu.examine())["NVML"].found == "NVIDIA Orin, driver 540.4"


@pytest.mark.usefixtures("with_gpu")
def test_a_library_that_is_installed_and_does_not_load_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu, "version_of", lambda _: "10.3.0")
    monkeypatch.setattr(trial, "run", lambda *_: Trial(problem="libnvinfer.so.10: cannot open"))
    found = by_name(gpu.examine())["TensorRT"]
    assert (found.status, found.found) == ("missing", "10.3.0: libnvinfer.so.10: cannot open")


@pytest.mark.usefixtures("with_gpu")
def test_every_flavour_of_tensorrt_is_a_row_with_its_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu, "version_of", lambda _: "version unknown")
    monkeypatch.setattr(
        trial, "run", lambda *words: Trial({words[-1]: "1.7", "gpus": [], "driver": ""})
    )
    found = by_name(gpu.examine())
    assert found["TensorRT"].found == found["TensorRT for RTX"].found == "1.7"
    assert {flavour.title for flavour in FLAVOURS.values()} < set(found)


@pytest.mark.usefixtures("with_gpu")
def test_the_engine_cache_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    monkeypatch.setattr(gpu, "version_of", lambda _: None)
    assert by_name(gpu.examine())["engine cache"].found == f"0 engines, 0.0 MB in {tmp_path}"
    (tmp_path / "0123.plan").write_bytes(b"")
    found = by_name(gpu.examine())["engine cache"]
    assert (found.status, found.found.endswith("1 damaged")) == ("warn", True)


@pytest.mark.usefixtures("with_gpu")
def test_no_library_for_a_gpu_is_nothing_to_worry_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "version_of", lambda _: None)
    found = list(gpu.examine())
    assert not any(finding.is_fatal for finding in found)
    assert all("nothing to do" in one.remedy for one in found if one.name != "engine cache")


def test_a_machine_without_a_gpu_has_one_plain_row_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu, "is_there", lambda: False)
    report = EngineReport("tensorrt", problem="received no driver; expected one; fix: install")
    monkeypatch.setattr("segmentation_node.engines.available_engines", lambda: (report,))
    monkeypatch.setattr(engines, "_segmentation", lambda: Finding("engines", "s", "ok", ""))
    [found] = gpu.examine()
    assert (found.status, found.found[:4], found.remedy) == ("ok", "none", "")
    assert [one.name for one in engines.examine()] == ["s"]


@pytest.mark.parametrize(
    ("file", "text", "is_gpu"),
    [
        ("dev/null", "", False),
        ("dev/nvidia0", "", True),
        ("dev/nvhost-gpu", "", True),
        ("dev/nvme0", "", False),
        ("sys/bus/pci/devices/0/vendor", "0x10de\n", True),
        ("sys/bus/pci/devices/0/vendor", "0x8086\n", False),
    ],
)
def test_a_gpu_is_known_by_its_driver_or_by_its_slot(
    tmp_path: Path, file: str, text: str, is_gpu: bool
) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    (tmp_path / file).with_name("class").write_text("0x030200\n")
    assert gpu.is_there(tmp_path) is is_gpu


def test_a_folder_that_cannot_be_written_to_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    found = by_name(files.examine())["writing here"]
    assert (found.status, found.found) == ("warn", f"{tmp_path}: Permission denied")


def test_a_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    assert by_name(files.examine())["writing here"].status == "warn"


def test_numpy_that_does_not_load_does_not_end_the_examination(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> Iterable[Finding]:
        raise ImportError("numpy")

    monkeypatch.setattr(doctor, "TOPICS", {"models": broken})
    [found] = doctor.examine()
    assert (found.status, found.topic) == ("missing", "models")


def test_the_report_counts_and_gives_the_verdict() -> None:
    fine = Finding("a", "b", "ok", "here")
    bad = Finding("a", "c", "missing", "not here", "get it", essential=True)
    report = doctor.report([fine, bad])
    assert report["works"] is False
    assert report["counts"] == {"ok": 1, "warn": 0, "missing": 1}
    assert report["findings"][1]["remedy"] == "get it"


def test_without_vision_msgs_the_doctor_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ros, "version_of", lambda _: None)
    found = by_name(ros.examine())["vision_msgs"]
    assert (found.status, found.is_fatal) == ("missing", False)
    assert "~/label_info" in found.found
    assert "vision-msgs" in found.remedy
