"""Tells when a stream of images has left the light that a network was calibrated in.

Time is that of the images' own stamps: it passes in simulated time and in a bag as on the road.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

from segmentation_node.core.image_statistics import ImageStatistics
from segmentation_node.core.percentiles import Percentiles
from segmentation_node.core.windowed_mean import WindowedMean
from segmentation_node.errors import ConfigError

HYSTERESIS_PERCENT = 4.0
"""How much further inside the set the mean must be for a warning to end: 95 % where 99 % began it.

Percentages and not levels: how many levels apart two images are that nobody would call different
depends on the set, and its percentiles know.
"""

COMPARISONS = {
    "luminance": ("darker", "brighter"),
    "contrast": ("lower in contrast", "higher in contrast"),
    "saturation": ("less saturated", "more saturated"),
}
"""What is said of a figure below and above nearly all of a set."""

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class DriftSettings:
    """When a stream counts as drifted.

    Args:
        window_s: Length of the window that figures are averaged over, seconds.
        percentile: Per cent of the calibration set that the mean must lie beyond.
        raise_s: For how long, before it is warned of, seconds.
        clear_s: For how long it must be back inside before the warning ends, seconds.
    """

    window_s: float = 10.0
    percentile: float = 99.0
    raise_s: float = 5.0
    clear_s: float = 5.0

    def __post_init__(self) -> None:
        durations = (self.window_s, self.raise_s, self.clear_s)
        if not 50 + HYSTERESIS_PERCENT < self.percentile <= 100 or min(durations) < 0:
            raise ConfigError(
                received=f"{self}",
                expected=f"no negative time, and a percentile above {50 + HYSTERESIS_PERCENT:g}",
                fix="correct them",
            )

    @property
    def clear_percentile(self) -> float:
        """Per cent of the set that the mean must lie inside for a warning to end."""
        return self.percentile - HYSTERESIS_PERCENT


@dataclass(frozen=True)
class Drift:
    """One way in which a stream differs from the calibration set.

    Args:
        comparison: Such as `darker`.
        percentile: Per cent of the set that it lies beyond.
        duration_s: For how long it has, or had.
        is_beyond: Whether it still does; else it is on its way back.
    """

    comparison: str
    percentile: float
    duration_s: float
    is_beyond: bool

    def __str__(self) -> str:
        said = f"{self.comparison} than {self.percentile:g} % of the calibration set"
        if self.is_beyond:
            return f"input is {said} for {self.duration_s:.0f} s"
        return f"input was {said} for {self.duration_s:.0f} s and is not far enough inside yet"


@dataclass(frozen=True)
class Limits:
    """Where a figure counts as drifted, on one side of the set.

    Args:
        comparison: What is said of it there, such as `darker`.
        is_upper: Whether it is the upper side.
        beyond: A mean past this value is beyond nearly all of the set.
        inside: A mean short of this value is well inside it.
    """

    comparison: str
    is_upper: bool
    beyond: float
    inside: float

    @classmethod
    def both(
        cls, figure: str, spread: Percentiles, settings: DriftSettings
    ) -> tuple[Limits, Limits]:
        """The lower and the upper limits of a figure of `ImageStatistics`."""
        low, high = COMPARISONS[figure]
        upper = settings.percentile, settings.clear_percentile
        return (
            cls(low, False, *(spread.at(100 - percent) for percent in upper)),
            cls(high, True, *(spread.at(percent) for percent in upper)),
        )

    def is_beyond(self, mean: float) -> bool:
        """Whether a mean is beyond nearly all of the set."""
        return mean > self.beyond if self.is_upper else mean < self.beyond

    def is_inside(self, mean: float) -> bool:
        """Whether a mean is well inside the set."""
        return mean <= self.inside if self.is_upper else mean >= self.inside


class _Watch:
    """One figure on one side: notices when its mean has been beyond the limits for long enough.

    Args:
        limits: When it counts as beyond, and when as inside.
        settings: For how long.
    """

    def __init__(self, limits: Limits, settings: DriftSettings) -> None:
        self._limits = limits
        self._settings = settings
        self._since_ns: int | None = None
        self._until_ns = 0
        self._inside_since_ns: int | None = None
        self._is_beyond = self._is_raised = False

    def update(self, mean: float, now_ns: int) -> None:
        self._is_beyond = self._limits.is_beyond(mean)
        if self._is_raised:
            self._wait_for_the_end(mean, now_ns)
        elif not self._is_beyond:
            self._since_ns = None
        if self._is_beyond:
            self._since_ns = now_ns if self._since_ns is None else self._since_ns
            self._until_ns = now_ns
            self._is_raised |= now_ns - self._since_ns >= self._settings.raise_s * _NS_PER_S

    def _wait_for_the_end(self, mean: float, now_ns: int) -> None:
        if not self._limits.is_inside(mean):
            self._inside_since_ns = None
            return
        since_ns = now_ns if self._inside_since_ns is None else self._inside_since_ns
        self._inside_since_ns = since_ns
        if now_ns - since_ns >= self._settings.clear_s * _NS_PER_S:
            self._is_raised, self._since_ns, self._inside_since_ns = False, None, None

    @property
    def drift(self) -> Drift | None:
        if not self._is_raised or self._since_ns is None:
            return None
        lasted_s = (self._until_ns - self._since_ns) / _NS_PER_S
        return Drift(self._limits.comparison, self._settings.percentile, lasted_s, self._is_beyond)


class DriftMonitor:
    """Compares a stream's figures, averaged over a window, with those of a calibration set.

    A stamp that is older than the one before it (a bag that begins again) starts everything anew.

    Args:
        reference: The spread of each figure of `ImageStatistics` over the set.
        settings: When the stream counts as drifted.
    """

    def __init__(self, reference: Mapping[str, Percentiles], settings: DriftSettings) -> None:
        self._reference = reference
        self._mean = WindowedMean(0)
        self._latest_ns: int | None = None
        self.means: ImageStatistics | None = None
        """The figures as they are compared; None before the first image."""
        self.adjust(settings)

    def adjust(self, settings: DriftSettings) -> None:
        """Use other settings; what was warned of is forgotten, the window is kept."""
        self._settings = settings
        self._mean.window_ns = int(settings.window_s * _NS_PER_S)
        self._watch_anew()

    def add(self, stamp_ns: int, statistics: ImageStatistics) -> None:
        """Take in one image.

        Args:
            stamp_ns: Its stamp, nanoseconds.
            statistics: Its figures.
        """
        if self._latest_ns is not None and stamp_ns < self._latest_ns:
            self.reset()
        self._latest_ns = stamp_ns
        self.means = ImageStatistics(*self._mean.add(stamp_ns, astuple(statistics)))
        for figure, watches in self._watches.items():
            for watch in watches:
                watch.update(getattr(self.means, figure), stamp_ns)

    def reset(self) -> None:
        """Forget all images."""
        self._mean.clear()
        self._latest_ns = self.means = None
        self._watch_anew()

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """What is to be warned of."""
        each = (watch.drift for watches in self._watches.values() for watch in watches)
        return tuple(drift for drift in each if drift is not None)

    @property
    def limits(self) -> Mapping[str, tuple[Limits, Limits]]:
        """The lower and upper limits of each figure."""
        return self._limits

    def _watch_anew(self) -> None:
        settings = self._settings
        self._limits = {
            figure: Limits.both(figure, spread, settings)
            for figure, spread in self._reference.items()
        }
        self._watches = {
            figure: [_Watch(one, settings) for one in limits]
            for figure, limits in self._limits.items()
        }
