from __future__ import annotations

import sys

import pytest
from hardware.fake_nvml import FakeNvml

from segmentation_node.hardware.nvml import find_nvml


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    return FakeNvml(monkeypatch)


@pytest.mark.usefixtures("nvml")
def test_a_gpu_tells_all_that_it_knows() -> None:
    gpu = find_nvml()
    assert gpu is not None
    assert (gpu.name, gpu.watts()) == ("NVIDIA RTX A2000", 35.27)
    reading = gpu.read()
    assert reading.values == {
        "gpu_temperature_c": 61,
        "gpu_power_w": 35.27,
        "gpu_clock_mhz": 1200,
        "gpu_memory_clock_mhz": 6000,
        "gpu_memory_used_mib": 900,
        "gpu_memory_total_mib": 6000,
        "gpu_throttling": "power cap",
    }
    assert reading.warnings == ()


@pytest.mark.parametrize(
    ("reasons", "said", "warning"),
    [
        (0x0, "none", ()),
        (0x1, "none", ()),
        (
            0x24,
            "power cap, temperature (software)",
            ("the GPU is throttled: temperature (software)",),
        ),
        (
            0xC8,
            "hardware slowdown, temperature (hardware), power brake",
            ("the GPU is throttled: hardware slowdown, temperature (hardware), power brake",),
        ),
    ],
    ids=["none", "idle", "heat", "hardware"],
)
def test_throttling_is_told_and_what_is_a_fault_is_warned_of(
    reasons: int, said: str, warning: tuple[str, ...], nvml: FakeNvml
) -> None:
    nvml.reasons = reasons
    gpu = find_nvml()
    assert gpu is not None
    reading = gpu.read()
    assert (reading.values["gpu_throttling"], reading.warnings) == (said, warning)


def test_an_older_driver_knows_the_older_name(nvml: FakeNvml) -> None:
    nvml.refuses = {"nvmlDeviceGetCurrentClocksEventReasons"}
    gpu = find_nvml()
    assert gpu is not None
    assert gpu.read().values["gpu_throttling"] == "power cap"


def test_what_a_gpu_does_not_tell_is_left_out(nvml: FakeNvml) -> None:
    gpu = find_nvml()
    assert gpu is not None
    nvml.refuses = {name for name in dir(FakeNvml) if name.startswith("nvmlDevice")}
    assert gpu.read().values == {}
    assert gpu.watts() is None


@pytest.mark.parametrize(
    ("visible", "asked"), [("", 0), ("2,0", 2), ("GPU-8932f937,0", "GPU-8932f937"), ("MIG-1", 0)]
)
def test_it_is_the_gpu_that_cuda_shows_first(
    visible: str, asked: int | str, nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    find_nvml()
    assert nvml.asked_for == asked


def test_without_a_driver_a_gpu_or_the_package_there_is_none(
    nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.refuses = {"nvmlDeviceGetHandleByIndex"}
    assert find_nvml() is None
    assert nvml.shut_down == 1
    nvml.refuses = {"nvmlInit"}
    assert find_nvml() is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_nvml() is None
