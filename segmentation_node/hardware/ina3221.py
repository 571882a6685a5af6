"""The power monitors of Jetson modules: INA3221 chips, each with three rails.

JetPack 5 and later have the kernel's own driver: hwmon, with `inN_label`, `inN_input` in mV and
`currN_input` in mA. JetPack 4 (TX2, Xavier) has NVIDIA's: an IIO device with `rail_name_N` and
`in_powerN_input` in mW. Which number a chip has differs from board to board and from start to
start, so they are found by driver and label.
Source: Linux, Documentation/hwmon/ina3221.rst; NVIDIA Jetson Linux Developer Guide 32.7 and 36.3,
"Platform Power and Performance", software-based power consumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.hardware.sysfs import SYS, numbered, read_number, read_text

_CHANNELS = (1, 2, 3)
_TOTALS = {"VDD_IN", "5V_IN", "POM_5V_IN"}
"""Rails that feed the whole module, by the names that modules give them."""

_NOT_CONNECTED = "NC"


@dataclass(frozen=True)
class Rail:
    """One rail, measured in the moment of asking.

    Args:
        name: As the board calls it, such as `VDD_GPU_SOC`.
        factors: Files whose numbers are multiplied.
        unit_w: What a product of 1 is, in watts.
    """

    name: str
    factors: tuple[Path, ...]
    unit_w: float

    @property
    def covers(self) -> str:
        """What it measures, in words."""
        return "the module" if self.name in _TOTALS else f"the rail {self.name}"

    def watts(self) -> float | None:
        """Power of the rail in watts; None where it cannot be read."""
        product = self.unit_w
        for path in self.factors:
            number = read_number(path)
            if number is None:
                return None
            product *= number
        return product


def find_rails(root: Path = SYS) -> list[Rail]:
    """The rails of all power monitors, in the order of their chips.

    Args:
        root: Where sysfs is mounted.
    """
    return [*_of_hwmon(root), *_of_iio(root)]


def _of_hwmon(root: Path) -> Iterator[Rail]:
    for chip in numbered(root / "class" / "hwmon", "hwmon*"):
        if read_text(chip / "name") != "ina3221":
            continue
        for channel in _CHANNELS:
            name = read_text(chip / f"in{channel}_label")
            if name and name != _NOT_CONNECTED:
                # Millivolts times milliamperes.
                files = chip / f"in{channel}_input", chip / f"curr{channel}_input"
                yield Rail(name, files, 1e-6)


def _of_iio(root: Path) -> Iterator[Rail]:
    for chip in numbered(root / "bus" / "i2c" / "drivers" / "ina3221x", "*/iio:device*"):
        for label in numbered(chip, "rail_name_*"):
            name, channel = read_text(label), label.name.rpartition("_")[2]
            if name and name != _NOT_CONNECTED:
                yield Rail(name, (chip / f"in_power{channel}_input",), 1e-3)
