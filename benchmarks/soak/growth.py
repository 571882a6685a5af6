"""By how much a process grows: a straight line that single outliers cannot bend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentation_node.errors import ConfigError

_BINS = 360  # an hour in tens of seconds: 64620 pairs


@dataclass(frozen=True)
class Growth:
    """A line through the memory of a process.

    Args:
        seconds: The time between the first and the last sample.
        level_mib: Where the line begins, MiB.
        slope_mib_s: How steep it is, MiB per second.
    """

    seconds: float
    level_mib: float
    slope_mib_s: float

    @property
    def percent(self) -> float:
        """Growth over the time that was sampled, in per cent of the level at its beginning."""
        return 100 * self.slope_mib_s * self.seconds / self.level_mib

    @property
    def percent_per_hour(self) -> float:
        """The same over an hour, were it to go on like that."""
        return 100 * self.slope_mib_s * 3600 / self.level_mib

    def to_mapping(self) -> dict[str, float]:
        """The figures for JSON."""
        own = {name: round(value, 6) for name, value in vars(self).items()}
        return {
            **own,
            "percent": round(self.percent, 4),
            "percent_per_hour": round(self.percent_per_hour, 4),
        }


def growth(times_s: Sequence[float], memory_mib: Sequence[float]) -> Growth:
    """Fit the line of Theil and Sen: the median slope of all pairs of samples.

    Samples are first put into at most 360 bins of equal number, each with its median time and
    median memory. With these (t_i, m_i), slope = median of (m_j - m_i) / (t_j - t_i) over all
    i < j, and the level at the beginning is median(m_i - slope * (t_i - t_0)). Outliers bend the
    line little, and not without bound while they are fewer than 29 % of the bins.

    Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968.

    Args:
        times_s: When each sample was taken, ascending, seconds.
        memory_mib: What it said, MiB.

    Raises:
        ConfigError: There are fewer than two samples, or not as many of both.
    """
    if len(times_s) < 2 or len(times_s) != len(memory_mib):
        raise ConfigError(
            received=f"{len(times_s)} times and {len(memory_mib)} samples",
            expected="two samples at least, each with its time",
            fix="sample for longer",
        )
    count = min(_BINS, len(times_s))
    times, memory = (
        np.array([np.median(part) for part in np.array_split(np.asarray(one, float), count)])
        for one in (times_s, memory_mib)
    )
    first, second = np.triu_indices(count, 1)
    slope = float(np.median((memory[second] - memory[first]) / (times[second] - times[first])))
    level = float(np.median(memory - slope * (times - times_s[0])))
    return Growth(float(times_s[-1] - times_s[0]), level, slope)
