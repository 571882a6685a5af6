"""How long each stage of a frame took, and what that comes to over many frames."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from segmentation_node.errors import ConfigError


@dataclass(frozen=True)
class Stats:
    """Durations over a window of samples, in milliseconds; NaN where there are none.

    Args:
        count: Number of samples in the window.
        mean_ms: Their mean.
        p50_ms: Their median.
        p95_ms: 95 % took no longer.
        p99_ms: 99 % took no longer.
        max_ms: The longest.
    """

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    def to_mapping(self) -> dict[str, float]:
        """The figures by name, for JSON."""
        return asdict(self)


class RollingStats:
    """The latest durations, in a ring that is allocated once.

    One thread may add while another asks for the figures.

    Args:
        window: How many samples the figures are taken over.
    """

    def __init__(self, window: int) -> None:
        if window < 1:
            raise ConfigError(f"a window of {window}", "at least 1 sample", "use a larger window")
        self._ring = np.full(window, np.nan)
        self._added = 0

    @property
    def total(self) -> int:
        """Number of samples since the beginning, those that have left the window too."""
        return self._added

    def add(self, duration_ms: float) -> None:
        """Take in one sample, in place of the oldest where the window is full."""
        self._ring[self._added % len(self._ring)] = duration_ms
        self._added += 1

    def stats(self) -> Stats:
        """The figures over the window; percentiles are interpolated linearly."""
        count = min(self._added, len(self._ring))
        if count == 0:
            nan = float("nan")
            return Stats(0, nan, nan, nan, nan, nan)
        samples = self._ring[:count].copy()
        p50, p95, p99 = np.percentile(samples, (50, 95, 99)).tolist()
        return Stats(count, float(samples.mean()), p50, p95, p99, float(samples.max()))


class StageClock:
    """Splits the time of one frame into stages, on a monotonic clock.

    Args:
        stages: Names of the stages, in their order.
    """

    def __init__(self, stages: Iterable[str]) -> None:
        self._marks = dict.fromkeys(stages, 0.0)
        self._start = self._last = 0.0

    def start(self) -> None:
        """Begin a frame: every stage is at zero."""
        for stage in self._marks:
            self._marks[stage] = 0.0
        self._start = self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        """End a stage: the time since the last mark, or since the start, is added to it.

        Raises:
            KeyError: The clock was made without that stage.
        """
        now = time.perf_counter()
        self._marks[stage] = self._marks[stage] + (now - self._last) * 1e3
        self._last = now

    def stages_ms(self) -> dict[str, float]:
        """Milliseconds of each stage, and `total` from the start to the last mark."""
        return {**self._marks, "total": (self._last - self._start) * 1e3}


class StageStats:
    """Rolling figures for every stage, `total` among them.

    Args:
        window: How many frames the figures are taken over.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._stages: dict[str, RollingStats] = {}

    def add(self, stages_ms: Mapping[str, float]) -> None:
        """Take in the stages of one frame, in milliseconds by name."""
        for stage, duration_ms in stages_ms.items():
            if stage not in self._stages:
                self._stages[stage] = RollingStats(self._window)
            self._stages[stage].add(duration_ms)

    def stats(self) -> dict[str, Stats]:
        """The figures of each stage by name."""
        return {stage: rolling.stats() for stage, rolling in tuple(self._stages.items())}
