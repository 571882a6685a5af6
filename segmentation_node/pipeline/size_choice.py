"""Which of a model's network sizes to run at: the largest that holds a rate on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError

BUDGET_SHARE = 0.7
"""Share of the time between two frames that computing one may take: the rest is for what a short
trial does not see, publishing and other programs among it. On two cores a frame takes 1.2 times as
long in the node as in the trial; with 0.8 a size was chosen that lost 1.6 % of ten minutes."""


@dataclass(frozen=True)
class SizeTiming:
    """What a frame takes at one size.

    Args:
        size: Size of the network's input.
        frame_ms: Time of a whole frame, from camera image to colours, milliseconds.
    """

    size: NetworkSize
    frame_ms: float

    def __str__(self) -> str:
        return f"{self.size} ({self.size.in_words}) takes {self.frame_ms:.1f} ms"


@dataclass(frozen=True)
class SizeChoice:
    """The size that was chosen, and what it was chosen from.

    Args:
        timing: The chosen size, and what it takes.
        rate_hz: Frames per second that it was to hold.
        others: The other sizes that were measured.
        unmeasured: Sizes larger than one that did not hold the rate.
    """

    timing: SizeTiming
    rate_hz: float
    others: tuple[SizeTiming, ...] = ()
    unmeasured: tuple[NetworkSize, ...] = ()

    @property
    def budget_ms(self) -> float:
        """Time that a frame may take, milliseconds."""
        return budget_ms(self.rate_hz)

    @property
    def holds(self) -> bool:
        """Whether the size holds the rate; if not, it is the fastest that there is."""
        return self.timing.frame_ms <= self.budget_ms

    @property
    def reason(self) -> str:
        """Why this size, in one sentence."""
        kind = "the largest that fits" if self.holds else "the fastest, and yet too slow for"
        said = [
            f"{self.timing}, {kind} the {self.budget_ms:.1f} ms "
            f"({100 * BUDGET_SHARE:.0f} % of a frame at {self.rate_hz:g} Hz)",
            *map(str, self.others),
        ]
        if self.unmeasured:
            said.append(
                "not measured: " + ", ".join(f"{one} ({one.in_words})" for one in self.unmeasured)
            )
        return "; ".join(said)


def budget_ms(rate_hz: float) -> float:
    """Time that computing a frame may take at a rate, milliseconds.

    Args:
        rate_hz: Frames per second.
    """
    return BUDGET_SHARE * 1e3 / rate_hz


def choose(timings: Sequence[SizeTiming], rate_hz: float) -> SizeChoice:
    """Take the largest size that holds a rate; where none does, the fastest.

    Args:
        timings: What was measured, in any order.
        rate_hz: Frames per second to hold.

    Raises:
        ConfigError: Nothing was measured.
    """
    if not timings:
        raise ConfigError("no network size", "one or more", "list the model's sizes in its sidecar")
    holding = [one for one in timings if one.frame_ms <= budget_ms(rate_hz)]
    if holding:
        chosen = max(holding, key=lambda one: pixels(one.size))
    else:
        chosen = min(timings, key=lambda one: one.frame_ms)
    return SizeChoice(chosen, rate_hz, tuple(one for one in timings if one is not chosen))


def choose_by_trial(
    sizes: Iterable[NetworkSize], rate_hz: float, measure: Callable[[NetworkSize], float]
) -> SizeChoice:
    """Measure sizes from the smallest up, until one does not hold the rate, and choose.

    What is larger than that takes longer still and is not waited for.

    Args:
        sizes: Those that the model is meant for.
        rate_hz: Frames per second to hold.
        measure: Gives the time of a frame at a size, milliseconds.

    Raises:
        ConfigError: There are no sizes.
    """
    waiting = sorted(set(sizes), key=lambda size: (pixels(size), size))
    timings: list[SizeTiming] = []
    while waiting and all(one.frame_ms <= budget_ms(rate_hz) for one in timings):
        size = waiting.pop(0)
        timings.append(SizeTiming(size, measure(size)))
    choice = choose(timings, rate_hz)
    return SizeChoice(choice.timing, rate_hz, choice.others, tuple(waiting))


def pixels(size: NetworkSize) -> int:
    """Pixels of the network's input."""
    return size.height * size.width
