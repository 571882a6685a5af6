"""Sensors are read on a thread of their own, and whatever they do stays there."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
from hardware.fake_nvml import FakeNvml
from hardware.trees import AGX_ORIN, LAPTOP, grow

from segmentation_node.hardware import HealthReading, HealthWatch, find_sources

PATIENCE_S = 30.0


class Sensor:
    """Gives one reading after the other; `closed` is set once it is closed."""

    def __init__(self, *readings: HealthReading | Exception) -> None:
        self._readings = list(readings)
        self.asked = threading.Semaphore(0)
        self.closed = threading.Event()

    def read(self) -> HealthReading:
        reading = self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]
        self.asked.release()
        if isinstance(reading, Exception):
            raise reading
        return reading

    def close(self) -> None:
        self.closed.set()
        raise RuntimeError("it was closed before")


def reading(**values: float) -> HealthReading:
    return HealthReading(values)


def test_the_latest_reading_of_all_sensors_is_kept() -> None:
    first, second = Sensor(reading(a=1.0, b=1.0)), Sensor(reading(b=2.0, c=3.0))
    watch = HealthWatch(0.001, lambda: [first, second])
    for _ in range(3):
        assert second.asked.acquire(timeout=PATIENCE_S)
    assert watch.latest.values == {"a": 1.0, "b": 1.0, "c": 3.0}
    watch.close()
    watch.close()
    assert first.closed.wait(PATIENCE_S)
    assert second.closed.wait(PATIENCE_S)


def test_a_sensor_that_fails_ends_the_telling_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sensor = Sensor(reading(a=1.0), OSError("the GPU has fallen off the bus"))
    with caplog.at_level(logging.WARNING, "segmentation_node"):
        watch = HealthWatch(0.001, lambda: [sensor])
        assert sensor.closed.wait(PATIENCE_S)
        watch.close()
    assert watch.latest == HealthReading()
    assert "is not told any more" in caplog.text


def test_sensors_that_cannot_be_looked_for_are_none() -> None:
    def broken() -> list[Sensor]:
        raise RuntimeError("no sysfs")

    watch = HealthWatch(0.001, broken)
    watch.close()
    assert watch.latest == HealthReading()


def test_a_sensor_that_hangs_does_not_hold_up_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentation_node.hardware.health._PATIENCE_S", 0.01)
    released = threading.Event()

    class Hanging(Sensor):
        def read(self) -> HealthReading:
            released.wait(PATIENCE_S)
            return HealthReading()

    watch = HealthWatch(0.001, lambda: [Hanging(HealthReading())])
    watch.close()
    assert watch.latest == HealthReading()
    released.set()


def test_a_machine_without_an_nvidia_gpu_has_no_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_sources(grow(tmp_path, LAPTOP)) == []


def test_a_gpu_and_a_jetson_are_both_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeNvml(monkeypatch)
    assert len(find_sources(grow(tmp_path, AGX_ORIN))) == 2
    assert len(find_sources(tmp_path / "nothing")) == 1
