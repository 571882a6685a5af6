"""Reads the small files of sysfs, whose reading may fail at any time: a part may be powered off."""

from __future__ import annotations

from pathlib import Path

SYS = Path("/sys")


def read_text(path: Path) -> str | None:
    """The text of a file; None where it cannot be read."""
    try:
        # Names from the device tree end in a zero byte.
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \n")
    except OSError:
        return None


def read_number(path: Path) -> float | None:
    """The number in a file; None where there is none, or it cannot be read."""
    text = read_text(path)
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def numbered(folder: Path, pattern: str) -> list[Path]:
    """The paths of a pattern in the order of the numbers in their names: hwmon2 before hwmon10."""
    found = folder.glob(pattern)
    return sorted(found, key=lambda path: (len(path.name), path.name, str(path)))
