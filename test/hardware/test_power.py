from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hardware.fake_nvml import FakeNvml
from hardware.trees import LAPTOP, ORIN_NANO, grow

from segmentation_node.hardware import find_power_sensors


def test_every_kind_of_sensor_is_found_by_one_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeNvml(monkeypatch).instant_mw = 35270
    found = find_power_sensors(grow(tmp_path, {**LAPTOP, **ORIN_NANO}))
    assert {sensor.name: sensor.covers for sensor in found} == {
        "NVIDIA RTX A2000": "the GPU",
        "VDD_IN": "the module",
        "VDD_CPU_GPU_CV": "the rail VDD_CPU_GPU_CV",
        "VDD_SOC": "the rail VDD_SOC",
        "package-0": "the processor (package-0)",
        "psys": "the platform (psys)",
    }
    assert found[0].watts() == 35.27


def test_a_machine_that_measures_nothing_has_no_sensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_power_sensors(tmp_path) == []
