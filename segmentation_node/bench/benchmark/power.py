"""Power while something runs: sensors read on a thread of their own, and the energy of a frame.

What a sensor covers differs from machine to machine: a GPU alone, a whole module, a processor
package. So every sensor has figures of its own and says what it covers, and one of them stands for
the device that the network runs on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmentation_node.bench.published import TEST_IMAGES
from segmentation_node.bench.recomputed import inference_energy_wh
from segmentation_node.closing import Closing
from segmentation_node.hardware import PowerSensor

_log = logging.getLogger("segmentation_node")

NO_SENSOR = "no power sensor that this user may read"

_PATIENCE_S = 1.0
_LEAST_SHARE = 0.5
_COVERING = {"tensorrt": ("the GPU", "the module"), "openvino": ("the processor", "the module")}
"""What stands for the device of an engine, the closest to it first."""


@dataclass(frozen=True)
class Span:
    """A stretch of time by the monotonic clock.

    Args:
        begin_s: Seconds.
        end_s: Seconds.
    """

    begin_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.begin_s

    def overlap_s(self, other: Span) -> float:
        """Seconds that both share."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.begin_s, other.begin_s))


@dataclass(frozen=True)
class Mean:
    """Power of one sensor over stretches of time.

    Args:
        watts: The mean; None for a sensor that told of less than half of that time.
        covered: The share of the time that it told of, 0 to 1.
    """

    watts: float | None
    covered: float


_Reading = tuple[Span, tuple[float | None, ...]]
"""What all sensors said, and the time that it stands for."""


class PowerLog(Closing):
    """Reads power sensors in the background, until it is closed.

    Counters of energy give the mean power since the reading before, and meters that of the moment.
    Both stand for the time since the reading before.

    Args:
        sensors: They are read by the thread alone.
        period_s: Seconds between readings.
    """

    def __init__(self, sensors: Sequence[PowerSensor], period_s: float) -> None:
        self.sensors = tuple(sensors)
        self._period_s = period_s
        self._readings: list[_Reading] = []
        self._ended = threading.Event()
        # A daemon: a driver that has lost its GPU may keep a call for ever.
        self._thread = threading.Thread(target=self._run, name="power", daemon=True)
        if self.sensors:
            self._thread.start()

    def mean_w(self, spans: Sequence[Span]) -> list[float | None]:
        """Mean power of each sensor over stretches of time, watts; None where `Mean` has none."""
        return [mean.watts for mean in self.means(spans)]

    def means(self, spans: Sequence[Span]) -> list[Mean]:
        """Mean power of each sensor over stretches of time, and how much of that each told of."""
        readings = tuple(self._readings)
        return [_mean_of(index, readings, spans) for index in range(len(self.sensors))]

    def wait_for(self, seconds: float) -> Span:
        """Do nothing for a while, and give that while."""
        begin_s = time.monotonic()
        self._ended.wait(seconds)
        return Span(begin_s, time.monotonic())

    def close(self) -> None:
        """End the thread; closing twice is safe."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            self._read_until_ended()
        except Exception:
            # The figures then tell of a part of the time, or of none, and say so.
            _log.warning("power is not measured any more", exc_info=True)

    def _read_until_ended(self) -> None:
        before_s = time.monotonic()
        while not self._ended.wait(self._period_s):
            watts = tuple(sensor.watts() for sensor in self.sensors)
            now_s = time.monotonic()
            self._readings.append((Span(before_s, now_s), watts))
            before_s = now_s


def _mean_of(index: int, readings: Sequence[_Reading], spans: Sequence[Span]) -> Mean:
    joules = seconds = 0.0
    for held, watts in readings:
        reading = watts[index]
        if reading is not None:
            shared = sum(held.overlap_s(span) for span in spans)
            joules, seconds = joules + reading * shared, seconds + shared
    # Against the time asked for and not the time read: a call that never came back leaves none.
    asked_s = sum(span.seconds for span in spans)
    covered = seconds / asked_s if asked_s else 0.0
    # A sensor that went away has told of a part, which does not stand for the whole.
    return Mean(joules / seconds if seconds and covered >= _LEAST_SHARE else None, covered)


def power_figures(
    sensors: Sequence[PowerSensor],
    idle_w: Sequence[float | None],
    means: Sequence[Mean],
    frame_ms: float,
    inference_ms: float,
) -> list[dict[str, Any]]:
    """What each sensor says of one configuration.

    Args:
        sensors: The sensors.
        idle_w: Mean power of each before anything ran, watts.
        means: The same while the configuration ran.
        frame_ms: Milliseconds of a frame on average, all of it.
        inference_ms: The network's share of it, the median.

    Returns:
        For each: power as it was read and above idle (W), the share of the time that it told of,
        energy of a frame (mJ), and energy for the paper's 1525 images by its formula (Wh), which
        takes the inference alone.
    """
    found = []
    for sensor, idle, mean in zip(sensors, idle_w, means, strict=True):
        told = mean.watts
        above = None if idle is None or told is None else told - idle
        energies = {
            f"{key}{ending}": _times(watts, factor)
            for ending, watts in (("", told), ("_above_idle", above))
            for key, factor in (
                ("mj_per_frame", frame_ms),
                (f"wh_{TEST_IMAGES}", inference_energy_wh(inference_ms, 1.0)),
            )
        }
        powers = {"idle_w": idle, "mean_w": told, "above_idle_w": above, "covered": mean.covered}
        found.append({"name": sensor.name, "covers": sensor.covers, **powers, **energies})
    return found


def device_power(engine: str, figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The power of the device that a network ran on.

    Args:
        engine: The engine's name.
        figures: From `power_figures`.

    Returns:
        The figures of the sensor closest to the device, those of several processor packages added
        up, and `why_not`: in words why there are none, and None where there are.
    """
    for part in _COVERING.get(engine, ()):
        own = [one for one in figures if one["covers"].startswith(part)]
        if own and all(one["mean_w"] is not None for one in own):
            return {**_summed(own), "why_not": None}
    told = " and ".join(one["covers"] for one in figures if one["mean_w"] is not None)
    silent = " and ".join(_silence(one) for one in figures if one["mean_w"] is None)
    reasons = [silent, f"only {told} can be measured" if told else ""]
    return {"why_not": "; ".join(filter(None, reasons)) or NO_SENSOR}


def _silence(figure: dict[str, Any]) -> str:
    share = f"{figure['covered']:.0%} of the time" if figure["covered"] else "none of the time"
    return f"{figure['covers']} told of {share}"


def _summed(figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = figures[0]
    if len(figures) == 1:
        return dict(first)
    names = {key: " + ".join(one[key] for one in figures) for key in ("name", "covers")}
    sums = {
        key: None if any(one[key] is None for one in figures) else sum(one[key] for one in figures)
        for key in first
        if key not in names
    }
    return {**names, **sums, "covered": min(one["covered"] for one in figures)}


def _times(watts: float | None, factor: float) -> float | None:
    return None if watts is None else watts * factor
