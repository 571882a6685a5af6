"""How sure a drop of the mean IoU is, by a bootstrap over blocks of consecutive frames.

Neighbouring frames of a drive show the same street, so that a hundred of them are no hundred
observations. What is drawn again and again, with replacement, are therefore blocks of consecutive
frames (Künsch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals of
Statistics 17, 1989; blocks side by side as in Carlstein, Annals of Statistics 14, 1986), and both
precisions get the same blocks: what is hard in a block is hard for both and cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import ConfigError

DEFAULT_BLOCK = 10
"""Frames: ten seconds where a data set takes a frame a second; denser ones ask for more."""

FEWEST_BLOCKS = 5
"""Below this an interval would say more about the number of blocks than about the network."""

_LEVEL = 95.0

NOISE, DROP, GAIN, TOO_FEW = "within noise", "drop", "gain", "too few blocks"


@dataclass(frozen=True)
class Resampling:
    """How intervals are made.

    Args:
        block: Frames of a block.
        resamples: How often blocks are drawn.
        seed: Of the draws.
    """

    block: int = DEFAULT_BLOCK
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.block < 1 or self.resamples < 1 or self.seed < 0:
            raise ConfigError(
                received=f"blocks of {self.block}, drawn {self.resamples} times, seed {self.seed}",
                expected="1 frame and 1 draw or more, and a seed from 0",
                fix=f"leave the option out for blocks of {DEFAULT_BLOCK} frames",
            )


@dataclass(frozen=True)
class Drop:
    """What the mean IoU loses, over the classes that occur in the annotation.

    Args:
        points: Of 100; below 0 it gains.
        low: Lower end of the 95 % interval; None where there are too few blocks for one.
        high: Its upper end.
        blocks: How many blocks there are.
    """

    points: float
    low: float | None
    high: float | None
    blocks: int

    @property
    def verdict(self) -> str:
        """`within noise` where the interval holds 0, else `drop`, `gain` or `too few blocks`."""
        if self.low is None or self.high is None:
            return TOO_FEW
        if self.low <= 0 <= self.high:
            return NOISE
        return DROP if self.low > 0 else GAIN

    def to_mapping(self) -> dict[str, Any]:
        """The same as plain values, with the verdict; points in two digits."""
        figures = {
            # Adding 0 makes 0 of the -0.0 that rounding can leave.
            key: round(value, 2) + 0.0 if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        return {"verdict": self.verdict, **figures}


def blocks_of(groups: Sequence[str], length: int) -> NDArray[np.int64]:
    """Divide frames into blocks of neighbours.

    Args:
        groups: The drive of each frame, in the order of the frames.
        length: Most frames of a block; those of one drive are as equal as can be.

    Returns:
        (n,) int64: the block of each frame, counted from 0. No block holds frames of two drives.
    """
    names = np.array(groups)
    blocks = np.zeros(len(names), np.int64)
    made = 0
    for name in dict.fromkeys(groups):
        frames = np.flatnonzero(names == name)
        for part in np.array_split(frames, -(-len(frames) // length)):
            blocks[part] = made
            made += 1
    return blocks


def drop_of(
    reference: NDArray[np.int64],
    other: NDArray[np.int64],
    groups: Sequence[str],
    how: Resampling,
) -> Drop:
    """Compare two precisions on the same frames.

    Args:
        reference: (n, C, C + 1) int64: the confusion matrix of each frame, as
            `core.metrics.ConfusionMatrix` counts it.
        other: (n, C, C + 1) int64: the same of the other precision.
        groups: The drive of each frame.
        how: Blocks, draws and seed.
    """
    blocks = blocks_of(groups, how.block)
    before, after = _per_block(reference, blocks), _per_block(other, blocks)
    points = float(_drop(before.sum(axis=0), after.sum(axis=0)))
    count = len(before)
    if count < FEWEST_BLOCKS:
        return Drop(points, None, None, count)
    # How often each block is drawn is all that a sum needs.
    draws = np.random.default_rng(how.seed).multinomial(
        count, np.full(count, 1 / count), how.resamples
    )
    drops = _drop(np.tensordot(draws, before, 1), np.tensordot(draws, after, 1))
    low, high = np.percentile(drops, [(100 - _LEVEL) / 2, (100 + _LEVEL) / 2])
    return Drop(points, float(low), float(high), count)


def _per_block(counts: NDArray[np.int64], blocks: NDArray[np.int64]) -> NDArray[np.int64]:
    """(B, C, C + 1) int64: the sums of (n, C, C + 1) over the frames of each block."""
    sums = np.zeros((int(blocks.max()) + 1, *counts.shape[1:]), np.int64)
    np.add.at(sums, blocks, counts)
    return sums


def _drop(before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.float64]:
    return 100 * (_mean_iou(before) - _mean_iou(after))


def _mean_iou(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(...) float64: mean IoU of (..., C, C + 1) counts, over the classes that are ever true.

    A draw may lack a class. The benchmark's mean would then take in a class that one precision
    calls by mistake and leave it out of the other's: means over different classes, points apart.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    true = counts.sum(axis=-1)
    union = true + counts[..., :-1].sum(axis=-2) - hits
    iou = np.zeros(hits.shape)
    np.divide(hits, union, out=iou, where=true > 0)
    mean: NDArray[np.float64] = iou.sum(axis=-1) / np.maximum((true > 0).sum(axis=-1), 1)
    return mean
