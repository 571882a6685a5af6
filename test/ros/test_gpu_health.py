from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus

from segmentation_node.engines import BuildState
from segmentation_node.hardware import HealthReading
from segmentation_node.ros.build_facts import build_facts
from segmentation_node.ros.gpu_health import gpu_status

VALUES = {"gpu_temperature_c": 61, "gpu_power_w": 35.3, "gpu_throttling": "none"}


def test_what_is_known_of_the_gpu_is_a_status_of_its_own() -> None:
    status = gpu_status("/front/segmentation_node", HealthReading(VALUES), "Orin")
    assert status is not None
    assert (status.name, status.hardware_id) == ("front/segmentation_node: gpu health", "Orin")
    assert (status.level, status.message) == (DiagnosticStatus.OK, "61 °C, 35.3 W")
    assert {one.key: one.value for one in status.values}["gpu_throttling"] == "none"


def test_what_holds_it_back_is_a_warning() -> None:
    status = gpu_status("node", HealthReading(VALUES, ("it is hot", "it is starved")), "none")
    assert status is not None
    assert (status.level, status.message) == (DiagnosticStatus.WARN, "it is hot; it is starved")


def test_of_a_gpu_that_tells_little_there_is_no_complaint() -> None:
    status = gpu_status("node", HealthReading({"oc1_events": 0}), "none")
    assert status is not None
    assert status.message == "no complaint"


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert gpu_status("node", HealthReading(), "none") is None


def test_a_build_is_told_by_keys_of_its_own_and_only_while_it_goes_on() -> None:
    build = BuildState("camvid fp16 256x512", "an empty plan", 0.424, "tactics", 33.6)
    assert build_facts(build) == {
        "engine_build": "camvid fp16 256x512",
        "engine_build_reason": "an empty plan",
        "engine_build_percent": "42",
        "engine_build_phase": "tactics",
        "engine_build_s": "34",
    }
    assert build_facts(None) == {}
