"""What is raced: over which courses, how long, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.race.contenders import (
    CONTENDERS,
    JUDGED,
    OURS,
    Computation,
    check_names,
)
from benchmarks.race.course import Setting
from segmentation_node.bench.ranges import check_above
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError

CAMERAS = (NetworkSize(720, 1280), NetworkSize(1080, 1920))


@dataclass(frozen=True)
class Plan:
    """What is raced.

    Args:
        cameras: Sizes of the camera's images.
        rate_hz: Images per second.
        slow_rate_hz: The rate at which the goals are judged; where None, a trial finds one that
            those can keep whom the goals compare, and a slower one for who cannot.
        qualities: Qualities of service, by whether lost images are asked for again.
        seconds: How long each contender runs on each course, all rounds together.
        rounds: How many turns that time is cut into.
        warm_up_s: How long images are sent before those that count, in each turn.
        trial_s: How long the trial for the slow rate takes for each contender.
        names: Contenders.
        computation: What they compute.
        images: Folder of images; a rendered drive where None.
        domain_id: The ROS domain.

    Raises:
        ConfigError: A figure is not positive, or there is no such contender.
    """

    cameras: tuple[NetworkSize, ...] = CAMERAS
    rate_hz: float = 30.0
    slow_rate_hz: float | None = None
    qualities: tuple[bool, ...] = (False, True)
    seconds: float = 60.0
    rounds: int = 3
    warm_up_s: float = 2.0
    trial_s: float = 8.0
    names: tuple[str, ...] = tuple(CONTENDERS)
    computation: Computation = field(default_factory=Computation)
    images: Path | None = None
    domain_id: int = 97

    def __post_init__(self) -> None:
        check_names(self.names)
        check_above(self, 0, "rate_hz", "seconds", "rounds", "warm_up_s", "trial_s")
        if self.slow_rate_hz is not None:
            check_above(self, 0, "slow_rate_hz")

    @property
    def turn_s(self) -> float:
        """How long a turn is."""
        return self.seconds / self.rounds

    def settings(self, camera: NetworkSize, rate_hz: float) -> list[Setting]:
        """The courses for one camera at one rate: each quality of service.

        Args:
            camera: Size of the images.
            rate_hz: Images per second.
        """
        return [Setting(camera, rate_hz, reliable) for reliable in self.qualities]

    def turns(self) -> Iterator[tuple[str, ...]]:
        """The contenders of each round: each round begins with another one.

        A machine that slows down while they take turns then hits all of them.
        """
        for number in range(self.rounds):
            first = number % len(self.names)
            yield self.names[first:] + self.names[:first]


def judged_rate(answers_hz: Mapping[str, float], rate_hz: float) -> float:
    """A rate below the saturation of every contender that the goals are about.

    Not of all: one that does two images a second would have the others judged on a machine that
    sleeps, and is cold, between two images.

    Args:
        answers_hz: What each contender answered per second, under load.
        rate_hz: The load.

    Raises:
        ConfigError: One of them answered nothing.
    """
    judged = {name: answered for name, answered in answers_hz.items() if name in JUDGED}
    return _kept_by_all(judged or answers_hz, rate_hz)


def paces(
    names: Sequence[str], answers_hz: Mapping[str, float], judged_hz: float, rate_hz: float
) -> dict[float, tuple[str, ...]]:
    """Who runs at which rate.

    Args:
        names: Contenders.
        answers_hz: What those that compute answered per second in a trial; empty without one.
        judged_hz: The rate at which the goals are judged.
        rate_hz: The full rate.

    Returns:
        The contenders by rate, the slowest first: below the judged rate those that cannot keep it,
        with our node beside them; at the judged one all others; at the full one all.

    Raises:
        ConfigError: One of them answered nothing in the trial.
    """
    slower = {
        name: answered
        for name, answered in answers_hz.items()
        if _kept_by_all({name: answered}, rate_hz) < judged_hz
    }
    below = {_kept_by_all(slower, rate_hz): {OURS, *slower}} if slower else {}
    judged = {judged_hz: set(names) - set(slower)}
    found = {**below, **judged, rate_hz: set(names)}
    return {rate: tuple(name for name in names if name in who) for rate, who in found.items()}


def _kept_by_all(answers_hz: Mapping[str, float], rate_hz: float) -> float:
    silent = [name for name, answered in answers_hz.items() if not answered > 0]
    if silent or not answers_hz:
        raise ConfigError(
            received=f"no answers from {', '.join(silent) or 'any contender'} in the trial",
            expected="two label images or more from each",
            fix="make the trial longer, or give a slow rate that all of them can keep",
        )
    slowest = min(answers_hz.values())
    # Who keeps up with nearly the full rate is not saturated by it.
    kept = rate_hz if slowest > _KEPT * rate_hz else max(_SHARE * slowest, _LEAST_HZ)
    return round(kept, 1)


_KEPT = 0.98
_SHARE = 0.7
"""Of what the slowest can do: computing times vary, and queues begin well before all of it."""

_LEAST_HZ = 0.1
