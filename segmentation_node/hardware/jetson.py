"""A Jetson's own account of its health: thermal zones, GPU clock, over-current events, rails.

Source: NVIDIA Jetson Linux Developer Guide 36.3, "Platform Power and Performance": thermal zones,
devfreq of the GPU, and the counters of under-voltage and over-current events (OC1 to OC3).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from segmentation_node.hardware.ina3221 import Rail, find_rails
from segmentation_node.hardware.reading import HealthReading
from segmentation_node.hardware.sysfs import SYS, numbered, read_number, read_text

_GPU_NAMES = {"gpu", "gp10b", "gv11b", "ga10b", "gpu-gpc-0"}
"""Names of the GPU's node in the device trees of TX2, Xavier, Orin and Thor."""

_PLAUSIBLE_C = (-40.0, 150.0)
"""A zone whose part is powered off gives -256 degrees, or an error."""

_OVERCURRENT = {1: "under-voltage", 2: "average over-current"}
"""Events that tell of a weak supply. The third, peaks of current, comes and goes under load."""


class JetsonHealth:
    """The sensors of a Jetson, found once and read again and again.

    Args:
        root: Where sysfs is mounted.
    """

    def __init__(self, root: Path = SYS) -> None:
        self._zones = dict(_zones(root))
        self._rails: list[Rail] = find_rails(root)
        self._gpu = _gpu(root)
        self._events = dict(_event_counters(root))
        self._seen = self._count_events()

    @property
    def is_there(self) -> bool:
        """Whether this is a Jetson: it measures its rails, or has NVIDIA's integrated GPU."""
        return bool(self._rails) or self._gpu is not None

    def read(self) -> HealthReading:
        """What the sensors say now; what cannot be read is left out."""
        values: dict[str, float | str] = {}
        for name, path in self._zones.items():
            degrees = _degrees(path)
            if degrees is not None:
                values[f"{name}_temperature_c"] = round(degrees, 1)
        for rail in self._rails:
            watts = rail.watts()
            if watts is not None:
                values[f"{rail.name.lower()}_power_w"] = round(watts, 2)
        values.update(self._clock())
        events = self._count_events()
        values.update({f"oc{number}_events": count for number, count in events.items()})
        warnings = tuple(self._new_events(events))
        self._seen = events
        return HealthReading(values, warnings)

    def close(self) -> None:
        """Nothing is held."""

    def _clock(self) -> dict[str, float]:
        if self._gpu is None:
            return {}
        files = {
            "gpu_clock_mhz": (self._gpu / "cur_freq", 1e-6),
            "gpu_clock_limit_mhz": (self._gpu / "max_freq", 1e-6),
            "gpu_load_percent": (self._gpu / "device" / "load", 0.1),
        }
        found = {key: (read_number(path), unit) for key, (path, unit) in files.items()}
        return {key: round(v * unit, 1) for key, (v, unit) in found.items() if v is not None}

    def _count_events(self) -> dict[int, int]:
        found = {number: read_number(path) for number, path in self._events.items()}
        return {number: int(count) for number, count in found.items() if count is not None}

    def _new_events(self, events: dict[int, int]) -> Iterator[str]:
        for number, what in _OVERCURRENT.items():
            new = events.get(number, 0) - self._seen.get(number, 0)
            if new > 0:
                yield f"{new} {what} events: the supply is too weak, and clocks are held down"


def _zones(root: Path) -> Iterator[tuple[str, Path]]:
    for zone in numbered(root / "class" / "thermal", "thermal_zone*"):
        kind = read_text(zone / "type")
        if kind:
            # `gpu-thermal` in JetPack 5 and 6, `GPU-therm` in JetPack 4.
            name = kind.lower().removesuffix("-thermal").removesuffix("-therm")
            yield name.replace("-", "_"), zone / "temp"


def _degrees(path: Path) -> float | None:
    milli = read_number(path)
    if milli is None or not _PLAUSIBLE_C[0] <= milli / 1e3 <= _PLAUSIBLE_C[1]:
        return None
    return milli / 1e3


def _gpu(root: Path) -> Path | None:
    for device in numbered(root / "class" / "devfreq", "*"):
        names = {
            read_text(device / "device" / "of_node" / "name"),
            device.name.rpartition(".")[2],
        }
        if names & _GPU_NAMES:
            return device
    return None


def _event_counters(root: Path) -> Iterator[tuple[int, Path]]:
    for chip in numbered(root / "class" / "hwmon", "hwmon*"):
        if read_text(chip / "name") == "soctherm_oc":
            yield from ((number, chip / f"oc{number}_event_cnt") for number in (1, 2, 3))
