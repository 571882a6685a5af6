"""Where to cut off a tensor's range: the largest magnitude that INT8 can still tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.quantize.histogram import MagnitudeHistogram

LEVELS = 128
"""Magnitudes that int8 can tell apart."""

DEFAULT_PERCENTILE = 99.999


def entropy_threshold(histogram: MagnitudeHistogram) -> float:
    """The threshold under which INT8 keeps most of a tensor's distribution.

    For every i from 128 on, P is the histogram cut off after i bins with what lies beyond added to
    the last of them, and Q the same i bins without that, quantised to 128 levels: each level's
    count is spread evenly over those of its bins that are not empty. The threshold is the end of
    the i bins whose P has the least Kullback-Leibler divergence from Q.
    Source: Migacz, "8-bit Inference with TensorRT", GTC 2017, "Entropy Calibration".

    Two things are fixed here that the source leaves open. Values of exactly zero are not counted:
    they are exact under every scale, and a ReLU makes so many that they would outweigh the rest.
    Where i is no multiple of 128, level j covers the bins from floor(j i / 128) to floor((j + 1) i
    / 128). Of equal divergences the larger threshold wins.

    Args:
        histogram: Of the tensor's values.

    Returns:
        The threshold, in the tensor's own unit; its largest magnitude where nothing is cut off.
    """
    counts = histogram.counts.copy()
    counts[0] -= histogram.zeros
    if len(counts) <= LEVELS or not counts.any():
        return histogram.largest
    divergences = _divergences(counts.astype(np.float64))
    best = len(divergences) - 1 - int(np.argmin(divergences[::-1]))
    return min((LEVELS + best) * histogram.bin_width, histogram.largest)


def percentile_threshold(histogram: MagnitudeHistogram, percentile: float) -> float:
    """The end of the bin up to which a given share of all values lies.

    Args:
        histogram: Of the tensor's values, zeros included.
        percentile: Per cent of the values.

    Returns:
        The threshold, in the tensor's own unit, at most the largest magnitude.
    """
    below = np.cumsum(histogram.counts)
    wanted = percentile / 100 * histogram.total
    bins = int(np.searchsorted(below, wanted)) + 1
    return min(bins * histogram.bin_width, histogram.largest)


def _divergences(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The divergence for each number of bins from 128 to all of them.

    Written out, the sum over bins of P log(P / Q) falls apart into sums of counts, of bins that are
    not empty and of counts times their logarithm, over whole levels: differences of three running
    sums, for all candidates at once.

    Args:
        counts: (n,) float64, n above 128, not all zero.

    Returns:
        (n - 127,) float64; infinite where Q is zero in a bin in which P is not.
    """
    ends = np.arange(LEVELS, len(counts) + 1)
    edges = np.arange(LEVELS + 1) * ends[:, None] // LEVELS
    below = _running(counts)
    level_counts = np.diff(below[edges], axis=1)
    level_bins = np.diff(_running((counts > 0).astype(np.float64))[edges], axis=1)
    kept, total = below[ends], below[-1]
    beyond = total - kept
    last = counts[ends - 1]
    entropy = _running(_x_log_x(counts))[ends - 1] + _x_log_x(last + beyond)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_q = np.log(level_counts / level_bins / kept[:, None])
    level_counts_of_p = level_counts.copy()
    level_counts_of_p[:, -1] += beyond
    cross = np.where(level_counts > 0, level_counts_of_p * log_q, 0).sum(axis=1)
    divergences = (entropy - cross) / total - np.log(total)
    divergences[(last == 0) & (beyond > 0)] = np.inf
    return np.asarray(divergences, np.float64)


def _running(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values)])


def _x_log_x(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values * np.log(np.where(values > 0, values, 1)), np.float64)
