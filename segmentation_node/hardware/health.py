"""Reads the sensors now and then, on a thread of its own, so that a slow one holds nobody up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from segmentation_node.hardware.jetson import JetsonHealth
from segmentation_node.hardware.nvml import find_nvml
from segmentation_node.hardware.reading import HealthReading
from segmentation_node.hardware.sysfs import SYS

_log = logging.getLogger("segmentation_node")

_PATIENCE_S = 1.0
"""How long closing waits for a sensor; one that hangs must not keep the process."""


class Source(Protocol):
    """Something that tells of its health."""

    def read(self) -> HealthReading:
        """What it says now."""

    def close(self) -> None:
        """Let go of it."""


def find_sources(root: Path = SYS) -> list[Source]:
    """What tells of the GPU's health on this machine; nothing on one without an NVIDIA GPU.

    Args:
        root: Where sysfs is mounted.
    """
    gpu, jetson = find_nvml(), JetsonHealth(root)
    found: list[Source] = [] if gpu is None else [gpu]
    return [*found, jetson] if jetson.is_there else found


class HealthWatch:
    """Keeps the latest reading of all sensors; nothing that they do reaches its owner.

    Args:
        period_s: Seconds between readings.
        find: Finds the sensors, on the thread that reads them.
    """

    def __init__(
        self, period_s: float = 1.0, find: Callable[[], Sequence[Source]] = find_sources
    ) -> None:
        self._period_s, self._find = period_s, find
        self._latest = HealthReading()
        self._ended = threading.Event()
        # A daemon: a driver that has lost its GPU may keep a call for ever.
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._thread.start()

    @property
    def latest(self) -> HealthReading:
        """The latest reading; empty before the first one, and where there are no sensors."""
        return self._latest

    def close(self) -> None:
        """End the thread; closing twice does nothing."""
        self._ended.set()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        sources: Sequence[Source] = ()
        try:
            sources = self._find()
            while sources and not self._ended.is_set():
                self._latest = _all_of(sources)
                self._ended.wait(self._period_s)
        except Exception:
            _log.warning("the GPU's health is not told any more", exc_info=True)
        finally:
            self._latest = HealthReading()
            for source in sources:
                _close(source)


def _all_of(sources: Sequence[Source]) -> HealthReading:
    found = HealthReading()
    for source in sources:
        found = found.plus(source.read())
    return found


def _close(source: Source) -> None:
    try:
        source.close()
    except Exception:
        _log.debug("a sensor could not be closed", exc_info=True)
