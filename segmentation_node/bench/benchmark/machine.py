"""Which machine it was, with what installed, and what else it did meanwhile."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from segmentation_node import __version__
from segmentation_node.hardware.nvml import find_nvml
from segmentation_node.hardware.sysfs import read_text

_PACKAGES = (
    "numpy",
    "openvino",
    "onnxruntime",
    "onnx",
    "tensorrt",
    "tensorrt-rtx-cu12",
    "pycuda",
    "cuda-bindings",
)
_OPENCV = ("opencv-python-headless", "opencv-python")
_PROC = Path("/proc")
_IDLE = slice(3, 5)
"""Columns of /proc/stat in which a processor does nothing: idle, and waiting for a disk."""


def machine(name: str = "") -> dict[str, Any]:
    """What the machine is.

    Args:
        name: What to call it; its board, GPU or processor where empty.
    """
    gpu = find_nvml()
    graphics = None if gpu is None else gpu.name
    if gpu is not None:
        gpu.close()
    processor, board = _processor(), read_text(_PROC / "device-tree" / "model")
    return {
        "name": name or board or graphics or processor,
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20),
        "board": board,
        "gpu": graphics,
        "system": platform.platform(),
    }


def versions() -> dict[str, str | None]:
    """Versions of the package, Python and what computes; None for what is not installed."""
    found = {name: _version(name) for name in _PACKAGES}
    opencv = next((version for name in _OPENCV if (version := _version(name))), None)
    python = platform.python_version()
    return {"segmentation_node": __version__, "python": python, "opencv": opencv, **found}


class OtherLoad:
    """How busy others kept the machine's processors since this was made."""

    def __init__(self) -> None:
        self._begin_s, self._load = time.monotonic(), os.getloadavg()[0]
        self._busy_s, self._own_s = _busy_s(), _own_s()

    def to_mapping(self) -> dict[str, float | None]:
        """Processors that others kept busy on average, and the load before and after."""
        seconds, busy_s = time.monotonic() - self._begin_s, _busy_s()
        others = None
        if busy_s is not None and self._busy_s is not None:
            others = max(0.0, busy_s - self._busy_s - (_own_s() - self._own_s)) / seconds
        return {
            "cores_busy_with_others": others,
            "load_before": self._load,
            "load_after": os.getloadavg()[0],
        }


def _busy_s() -> float | None:
    """Seconds that all processors were busy since the start; None where that cannot be told.

    Source: proc_stat(5). What a virtual machine was refused (steal) counts as others' as well.
    """
    text = read_text(_PROC / "stat")
    if not text:
        return None
    # Guests' time, from the ninth column on, is part of the users'.
    ticks = [int(word) for word in text.splitlines()[0].split()[1:9]]
    return float(sum(ticks) - sum(ticks[_IDLE])) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    # Children are the trials, which have ended by the time that they are counted.
    return sum(os.times()[:4])


def _processor() -> str:
    for line in (read_text(_PROC / "cpuinfo") or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return " ".join(value.split())
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
