"""`doctor --camera`: what arrives of a real camera, in each way, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dds import Program

from segmentation_node.doctor import camera
from segmentation_node.doctor.trial import Trial
from segmentation_node.errors import ConfigError

CAMERA = Path(__file__).parents[1] / "transport/camera.py"


def heard(received: int = 75, lost: int = 0, **changed: Any) -> dict[str, Any]:
    usual = {
        "publishers": ["/driver (sensor_msgs/msg/Image, best_effort, volatile)"],
        "heard": True,
        "received": received,
        "lost": lost,
        "rate_hz": received / 5,
        "others": [],
    }
    return {**usual, **changed}


def examined(monkeypatch: pytest.MonkeyPatch, **results: dict[str, Any] | Trial) -> list[Any]:
    """The rows for what each quality of service gives, whatever the settings."""

    def listen(_: str, quality: str, __: str) -> Trial:
        result = results[quality]
        return result if isinstance(result, Trial) else Trial(result)

    monkeypatch.setattr(camera, "_listen", listen)
    return list(camera.examine("/image"))


def test_a_careless_driver_that_loses_is_told_of_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = examined(monkeypatch, sensor_data=heard(6, 69), reliable=heard(0, heard=False))
    assert [row.name for row in rows] == [
        "best effort, our settings",
        "best effort, without them",
        "reliable, our settings",
        "what the node gets",
    ]
    assert rows[0].found == "6 of 75 arrived, 1.2 Hz, 92 % lost"
    assert "a reliable subscription cannot hear" in rows[2].found
    assert rows[-1].status == "warn"
    assert "92 % lost from /driver" in rows[-1].found
    assert 'doctor --dds-environment)", and start the driver again' in rows[-1].remedy


def test_a_reliable_driver_is_fine_whatever_best_effort_loses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = examined(monkeypatch, sensor_data=heard(6, 69), reliable=heard())
    assert [row.status for row in rows] == ["warn", "warn", "ok", "ok", "ok"]
    assert "asked for reliable (qos auto)" in rows[-1].found


def test_a_driver_that_loses_nothing_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = examined(monkeypatch, sensor_data=heard(), reliable=heard(0, heard=False))
    assert [row.status for row in rows] == ["ok"] * 4
    assert rows[-1].found.startswith("all from /driver")


def test_a_camera_that_sends_nothing_is_not_called_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = examined(monkeypatch, sensor_data=heard(0), reliable=heard(0))
    assert {row.status for row in rows} == {"warn"}


@pytest.mark.parametrize(
    ("result", "found", "remedy"),
    [
        (heard(publishers=[], others=["/front (x)"]), "no publisher", "that exist: /front (x)"),
        (heard(publishers=[]), "no publisher", "start the driver"),
        (Trial(problem="no rclpy"), "no rclpy", "ros2 topic echo"),
    ],
)
def test_a_topic_without_a_camera_is_fatal_and_names_those_that_have_one(
    monkeypatch: pytest.MonkeyPatch, result: Any, found: str, remedy: str
) -> None:
    (row,) = examined(monkeypatch, sensor_data=result)
    assert row.is_fatal
    assert found in row.found
    assert remedy in row.remedy


def test_what_is_no_topic_is_refused() -> None:
    with pytest.raises(ConfigError, match="image_topic"):
        list(camera.examine("/camera/image raw"))


@pytest.mark.dds
def test_a_driver_with_the_defaults_of_fast_dds_loses_most_by_the_doctors_own_measurement(
    domain_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own images arrive, 30 of 30: it is the driver's process that lacks the settings."""
    monkeypatch.setattr(camera, "SECONDS", 2.0)
    defaults = {"FASTDDS_BUILTIN_TRANSPORTS": "DEFAULT"}
    with Program(str(CAMERA), "100000", domain_id=domain_id, environment=defaults) as driver:
        driver.wait_for_line("^ready$")
        rows = list(camera.examine("/image"))
    assert [row.status for row in rows] == ["warn", "warn", "ok", "warn"]
    assert "% lost from /camera (sensor_msgs/msg/Image, best_effort" in rows[-1].found
