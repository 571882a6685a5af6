from __future__ import annotations

import sys

import pytest
from hardware.fake_nvml import FakeNvml

from segmentation_node.hardware.nvml import NvmlGpu, find_nvml


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


def test_mean_power_is_that_of_the_time_since_the_call_before(nvml: FakeNvml) -> None:
    """NVML's own figure is an average over a second, which may be another program's."""
    ticks = iter((10.0, 12.0, 12.5, 13.0, 14.0))
    nvml.energy_mj = 5_000
    gpu = NvmlGpu(nvml, "handle", lambda: next(ticks))
    nvml.energy_mj += 120_000
    assert gpu.watts() == pytest.approx(60.0)
    assert gpu.watts() == 0.0
    nvml.energy_mj = 0  # the driver was loaded anew
    assert gpu.watts() is None
    nvml.energy_mj = 7_000
    assert gpu.watts() == pytest.approx(7.0)
    assert gpu.read().values["gpu_power_w"] == 35.27


def test_a_counter_that_falls_silent_is_not_replaced_by_another_meter(nvml: FakeNvml) -> None:
    nvml.energy_mj, nvml.instant_mw = 5_000, 40_000
    gpu = find_nvml()
    assert gpu is not None
    assert gpu.covers == "the GPU"
    nvml.energy_mj = None
    assert gpu.watts() is None


def test_without_a_counter_it_is_the_power_of_the_moment(nvml: FakeNvml) -> None:
    nvml.instant_mw = 41_500
    gpu = find_nvml()
    assert gpu is not None
    assert (gpu.watts(), gpu.covers) == (41.5, "the GPU")
    nvml.instant_mw = None
    assert gpu.watts() is None


def test_a_mean_of_nvmls_own_is_said_to_be_one(
    nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an older driver, and of older bindings, which do not know the field."""
    told = (35.27, "the GPU (a mean of up to a second)")
    refused = find_nvml()
    assert refused is not None
    assert (refused.watts(), refused.covers) == told
    monkeypatch.delattr(FakeNvml, "NVML_FI_DEV_POWER_INSTANT")
    unknown = find_nvml()
    assert unknown is not None
    assert (unknown.watts(), unknown.covers) == told


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
