"""How sure a figure is: a bootstrap over rounds.

Frames of one turn share the machine's mood, so that a hundred of them are no hundred observations.
What is drawn again and again, with replacement, are therefore whole turns, as `bench.precision`
draws blocks of frames. The same seed draws the same rounds for every configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.precision.bootstrap import FEWEST_BLOCKS

LEVEL = 95.0
"""Per cent of the draws that an interval holds."""

Statistic = Callable[[NDArray[np.float64]], Any]


def intervals(
    turns: Sequence[NDArray[np.float64]], statistic: Statistic, plan: Plan
) -> list[tuple[float, float]] | None:
    """Intervals of figures that are worked out of several turns.

    Args:
        turns: (n, ...) float64 observations of each turn.
        statistic: Gives one figure or several for (n, ...) observations.
        plan: How often to draw, and the seed.

    Returns:
        Low and high end for each figure; None where there are too few turns for any.
    """
    count = len(turns)
    if count < FEWEST_BLOCKS:
        return None
    draws = np.random.default_rng(plan.seed).integers(0, count, (plan.resamples, count))
    found = [np.atleast_1d(statistic(np.concatenate([turns[i] for i in draw]))) for draw in draws]
    ends = np.percentile(found, [(100 - LEVEL) / 2, (100 + LEVEL) / 2], axis=0)
    return [(low, high) for low, high in ends.T.tolist()]
