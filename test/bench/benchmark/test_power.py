from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from segmentation_node.bench.benchmark.power import (
    NO_SENSOR,
    Mean,
    PowerLog,
    Span,
    device_power,
    power_figures,
)

FULL = Span(float("-inf"), float("inf"))


@dataclass
class Sensor:
    """Says one thing after the other, then nothing more."""

    covers: str = "the GPU"
    says: list[float | None] = field(default_factory=list)
    name: str = "sensor"

    def __post_init__(self) -> None:
        self.asked_by: set[str] = set()
        self.is_empty = threading.Event()

    def watts(self) -> float | None:
        self.asked_by.add(threading.current_thread().name)
        if not self.says:
            self.is_empty.set()
            return None
        return self.says.pop(0)


def logged(*sensors: Sensor) -> PowerLog:
    """A log that has heard all that they have to say."""
    log = PowerLog(sensors, period_s=0.005)
    for sensor in sensors:
        assert sensor.is_empty.wait(timeout=30)
    log.close()
    return log


def test_sensors_are_read_in_the_background_and_averaged() -> None:
    sensor = Sensor(says=[10.0] * 5)
    assert mean_of_the_first(5, logged(sensor)) == [pytest.approx(10)]
    assert sensor.asked_by == {"power"}


def remembered(*watts: float | None) -> PowerLog:
    """A log with readings of one sensor that stand for times of equal length."""
    log = PowerLog([], period_s=1.0)
    log.sensors = (Sensor(),)
    log._readings = [(Span(at, at + 1.0), (one,)) for at, one in enumerate(watts)]
    return log


def test_readings_that_failed_do_not_count_as_nothing() -> None:
    log = remembered(12.0, None, 12.0)
    assert mean_of_the_first(3, log) == [pytest.approx(12)]


def test_a_sensor_that_went_away_has_no_mean_of_the_whole() -> None:
    log = remembered(12.0, *[None] * 40)
    assert mean_of_the_first(1, log) == [pytest.approx(12)]
    assert mean_of_the_first(40, log) == [None]


def test_time_without_any_reading_counts_as_untold() -> None:
    """A call of a driver that never came back leaves no readings at all."""
    log = logged(Sensor(says=[12.0]))
    first = log._readings[0][0]
    for times, told in ((1.6, 12.0), (10, None)):
        (mean,) = log.means([Span(first.end_s - times * first.seconds, first.end_s)])
        assert mean.covered == pytest.approx(1 / times)
        assert mean.watts == (told and pytest.approx(told))


def mean_of_the_first(count: int, log: PowerLog) -> list[float | None]:
    """After what a sensor has to say come readings of nothing, until the log is closed."""
    return log.mean_w([held for held, _ in log._readings[:count]])


def test_only_the_time_asked_for_counts() -> None:
    log = logged(Sensor(says=[5.0, 20.0]))
    (first, _), (second, _) = log._readings[:2]
    assert log.mean_w([first]) == [pytest.approx(5)]
    assert log.mean_w([second]) == [pytest.approx(20)]
    third = Span(second.end_s - second.seconds / 3, second.end_s)
    assert log.mean_w([first, third])[0] == pytest.approx(
        (5 * first.seconds + 20 * third.seconds) / (first.seconds + third.seconds)
    )
    assert log.mean_w([Span(0, 0)]) == [None]


def test_a_machine_without_sensors_needs_no_thread() -> None:
    before = threading.active_count()
    with PowerLog([], 0.01) as log:
        assert threading.active_count() == before
        assert log.mean_w([FULL]) == []
    log.close()


def test_the_thread_ends_with_the_log() -> None:
    with PowerLog([Sensor()], 0.005) as log:
        assert log._thread.is_alive()
    log._thread.join(timeout=30)
    assert not log._thread.is_alive()


def figures(
    covers: str = "the GPU",
    idle: float | None = 10.0,
    mean: float | None = 35.27,
    covered: float = 1.0,
):
    told = Mean(mean, covered)
    return power_figures([Sensor(covers)], [idle], [told], frame_ms=20, inference_ms=9)[0]


def test_energy_follows_the_papers_formula() -> None:
    # Section 5.5 and table 13: the desktop's 9 ms and 35.27 W are 0.134 W-hr.
    assert figures()["wh_1525"] == pytest.approx(0.134, abs=0.001)


def test_power_and_energy_are_raw_and_above_idle() -> None:
    found = figures()
    assert (found["mean_w"], found["idle_w"]) == (35.27, 10)
    assert found["above_idle_w"] == pytest.approx(25.27)
    assert found["mj_per_frame"] == pytest.approx(20 * 35.27)
    assert found["mj_per_frame_above_idle"] == pytest.approx(20 * 25.27)


def test_what_is_unknown_stays_unknown() -> None:
    found = figures(idle=None)
    assert found["above_idle_w"] is None
    assert found["wh_1525_above_idle"] is None
    assert found["wh_1525"] is not None


def test_each_engine_is_held_against_the_sensor_of_its_device() -> None:
    both = [figures("the GPU", mean=50), figures("the processor (package-0)", mean=20)]
    assert device_power("tensorrt", both)["mean_w"] == 50
    assert device_power("openvino", both)["mean_w"] == 20
    module = [figures("the rail VDD_SOC"), figures("the module", mean=4.16)]
    assert device_power("tensorrt", module)["covers"] == "the module"
    assert device_power("tensorrt", module)["why_not"] is None


def test_packages_of_one_machine_are_added_up() -> None:
    packages = [
        figures(f"the processor (package-{at})", mean=20, covered=1 - at / 4) for at in range(2)
    ]
    found = device_power("openvino", packages)
    assert found["mean_w"] == 40
    assert found["covered"] == 0.75
    assert found["covers"] == "the processor (package-0) + the processor (package-1)"


def test_what_cannot_be_measured_is_said_in_words() -> None:
    assert device_power("openvino", [])["why_not"] == NO_SENSOR
    found = device_power("openvino", [figures("the GPU")])
    assert found == {"why_not": "only the GPU can be measured"}
    silent = device_power("tensorrt", [figures("the GPU", mean=None, covered=0.12)])
    assert silent == {"why_not": "the GPU told of 12% of the time"}
    beside = [figures("the GPU", mean=None, covered=0), figures("the processor (package-0)")]
    assert device_power("tensorrt", beside)["why_not"] == (
        "the GPU told of none of the time; only the processor (package-0) can be measured"
    )


def test_a_sensor_that_breaks_ends_the_measurement_with_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Sensor):
        def watts(self) -> float | None:
            if not self.says:
                raise ValueError("the driver went away")
            return super().watts()

    with PowerLog([Broken(says=[10.0])], period_s=0.005) as log:
        log._thread.join(timeout=30)
    assert "power is not measured any more" in caplog.text
    assert "the driver went away" in caplog.text
