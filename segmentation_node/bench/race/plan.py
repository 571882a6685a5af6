"""What is raced: over which courses, how long, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from segmentation_node.bench.race.contenders import CONTENDERS, Computation, check_names
from segmentation_node.bench.race.course import Setting
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
        slow_rate_hz: A rate that every contender can keep; found by a trial where None.
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

    def settings(self, camera: NetworkSize, slow_rate_hz: float) -> list[Setting]:
        """The courses for one camera: each quality of service at each rate.

        Args:
            camera: Size of the images.
            slow_rate_hz: A rate that every contender can keep.
        """
        rates = sorted({min(slow_rate_hz, self.rate_hz), self.rate_hz})
        return [Setting(camera, rate, reliable) for rate in rates for reliable in self.qualities]

    def turns(self) -> Iterator[tuple[str, ...]]:
        """The contenders of each round: each round begins with another one.

        A machine that slows down while they take turns then hits all of them.
        """
        for number in range(self.rounds):
            first = number % len(self.names)
            yield self.names[first:] + self.names[:first]


def kept_by_all(answers_hz: dict[str, float], rate_hz: float) -> float:
    """A rate below the saturation of every contender.

    Args:
        answers_hz: What each of them answered per second, under load.
        rate_hz: The load.

    Raises:
        ConfigError: One of them answered nothing.
    """
    silent = [name for name, answered in answers_hz.items() if not answered > 0]
    if silent or not answers_hz:
        raise ConfigError(
            received=f"no answers from {', '.join(silent) or 'any contender'} in the trial",
            expected="two label images or more from each",
            fix="make the trial longer, or give a slow rate that all of them can keep",
        )
    slowest = min(answers_hz.values())
    # Who keeps up with nearly the full rate is not saturated by it.
    return rate_hz if slowest > _KEPT * rate_hz else max(_SHARE * slowest, _LEAST_HZ)


_KEPT = 0.98
_SHARE = 0.7
"""Of what the slowest can do: computing times vary, and queues begin well before all of it."""

_LEAST_HZ = 0.1
