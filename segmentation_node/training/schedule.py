"""The learning rate over a run, and the moving average of the weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import nn

SCHEDULES = ("cosine", "step")


def learning_rate_factor(iteration: int, cycles: Sequence[int], warm_up: int) -> float:
    """Factor of the peak learning rate: in each cycle a linear rise, then half a cosine to zero.

    Warm restarts as in Loshchilov and Hutter, "SGDR", 2017; each peak is half of the one before.

    Args:
        iteration: From 0.
        cycles: Length of each cycle, iterations.
        warm_up: Iterations until the peak of a cycle.
    """
    peak, step = 1.0, iteration
    for length in cycles:
        if step < length:
            break
        peak, step = peak / 2, step - length
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up) / max(length - warm_up, 1)
    return peak * 0.5 * (1 + math.cos(math.pi * done))


def step_factor(iteration: int, iterations: int, drop_after: float) -> float:
    """Factor of the first learning rate: one, then a tenth.

    Args:
        iteration: From 0.
        iterations: In all.
        drop_after: Share of them at the first rate, 0 to 1.
    """
    return 1.0 if iteration < drop_after * iterations else 0.1


class AveragedNetwork:
    """An exponential moving average of a network's weights and statistics.

    It is what is scored and exported: it smooths out the last steps' noise. The average starts
    short and grows to its full length, so that the random first weights leave it soon.

    Args:
        network: Whose weights are averaged.
        decay: Weight of the past per step, once under way; 0 copies the network.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    def update(self, network: nn.Module, iteration: int) -> None:
        """Take in the weights after an iteration (from 0)."""
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        current = network.state_dict()
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    value.lerp_(current[name], 1 - decay)
                else:
                    value.copy_(current[name])
