"""Power of processor packages and of the platform by RAPL: counters of energy, read twice.

AMD's processors have them under the same name. Since Linux 5.10 only root may read them, unless
the system says otherwise. Source: Linux, Documentation/power/powercap/powercap.rst.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from segmentation_node.hardware.sysfs import SYS, numbered, read_number, read_text

_PLATFORM = "psys"
"""All that a laptop's board feeds. The package is in it: the two are never added up."""

_KNOWN = ("package-", _PLATFORM)


class RaplDomain:
    """One package, or the platform around it.

    Args:
        folder: Its folder under `class/powercap`.
        clock: Seconds by a steady clock.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._energy = folder / "energy_uj"
        self._range = read_number(folder / "max_energy_range_uj")
        self._clock = clock
        self.name = read_text(folder / "name") or folder.name
        self._last = self._read()

    @property
    def covers(self) -> str:
        """What it measures, in words."""
        # The second socket's is `psys-1`.
        is_platform = self.name.startswith(_PLATFORM)
        whole = "the platform" if is_platform else "the processor"
        return f"{whole} ({self.name})"

    @property
    def is_readable(self) -> bool:
        """Whether this user may read it."""
        return self._last is not None

    def watts(self) -> float | None:
        """Mean power in watts since the call before; None where it cannot be told."""
        before, self._last = self._last, self._read()
        if before is None or self._last is None:
            return None
        seconds, energy_uj = self._last[0] - before[0], self._last[1] - before[1]
        if energy_uj < 0:
            # The counter has begun again.
            energy_uj += self._range or 0.0
        return energy_uj / 1e6 / seconds if seconds > 0 and energy_uj >= 0 else None

    def _read(self) -> tuple[float, float] | None:
        energy = read_number(self._energy)
        return None if energy is None else (self._clock(), energy)


def find_domains(root: Path = SYS) -> list[RaplDomain]:
    """The processor packages and the platform, as far as this user may read them.

    Args:
        root: Where sysfs is mounted.
    """
    folders = numbered(root / "class" / "powercap", "intel-rapl:*")
    # `intel-rapl:0` is a package and `intel-rapl:0:1` a part of it. What stands beside the packages
    # and is none, such as a `dram` of its own, is nothing that a figure here stands for.
    domains = [RaplDomain(folder) for folder in folders if folder.name.count(":") == 1]
    return [one for one in domains if one.is_readable and one.name.startswith(_KNOWN)]
