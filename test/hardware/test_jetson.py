from __future__ import annotations

from pathlib import Path

import pytest
from hardware.trees import AGX_ORIN, LAPTOP, TX2, grow

from segmentation_node.hardware.jetson import JetsonHealth


def test_an_orin_tells_temperatures_power_clock_and_events(tmp_path: Path) -> None:
    reading = JetsonHealth(grow(tmp_path, AGX_ORIN)).read()
    assert reading.values == {
        "cpu_temperature_c": 48.1,
        "gpu_temperature_c": 44.0,
        "tj_temperature_c": 48.1,
        "vdd_gpu_soc_power_w": 4.92,
        "vdd_cpu_cv_power_w": 0.79,
        "vin_sys_5v0_power_w": 3.69,
        "vddq_vdd2_1v8ao_power_w": 0.5,
        "gpu_clock_mhz": 1300.5,
        "gpu_clock_limit_mhz": 1300.5,
        "gpu_load_percent": 73.4,
        "oc1_events": 0,
        "oc2_events": 2,
        "oc3_events": 37,
    }
    assert reading.warnings == ()


def test_a_tx2_tells_what_it_has(tmp_path: Path) -> None:
    values = JetsonHealth(grow(tmp_path, TX2)).read().values
    assert values["gpu_temperature_c"] == 37.0
    assert values["bcpu_temperature_c"] == 39.5
    assert values["vdd_in_power_w"] == 3.42
    assert values["gpu_clock_mhz"] == 114.8  # its device tree's name is in the folder's alone


@pytest.mark.parametrize("name", ["17000000.gv11b", "17000000.ga10b", "gpu-gpc-0"])
def test_the_gpus_clock_is_found_by_its_name(name: str, tmp_path: Path) -> None:
    clock = {f"class/devfreq/{name}/cur_freq": "900000000\n"}
    health = JetsonHealth(grow(tmp_path, clock))
    assert health.is_there
    assert health.read().values == {"gpu_clock_mhz": 900.0}


def test_new_overcurrent_events_are_warned_of_once(tmp_path: Path) -> None:
    health = JetsonHealth(grow(tmp_path, AGX_ORIN))
    (tmp_path / "class/hwmon/hwmon2/oc2_event_cnt").write_text("5\n")
    assert health.read().warnings == (
        "3 average over-current events: the supply is too weak, and clocks are held down",
    )
    assert health.read().warnings == ()


def test_peaks_of_current_are_counted_and_no_warning(tmp_path: Path) -> None:
    health = JetsonHealth(grow(tmp_path, AGX_ORIN))
    (tmp_path / "class/hwmon/hwmon2/oc3_event_cnt").write_text("90\n")
    reading = health.read()
    assert (reading.values["oc3_events"], reading.warnings) == (90, ())


def test_a_laptop_is_no_jetson(tmp_path: Path) -> None:
    assert not JetsonHealth(grow(tmp_path, LAPTOP)).is_there
    assert not JetsonHealth(tmp_path / "nothing").is_there
    assert JetsonHealth(grow(tmp_path / "orin", AGX_ORIN)).is_there


def test_sensors_that_go_away_are_left_out(tmp_path: Path) -> None:
    health = JetsonHealth(grow(tmp_path, TX2))
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            path.unlink()
    assert health.read().values == {}
