"""Weights as int8: symmetric, a scale for each output channel, and what rounding does to a layer.

Rounding each weight to the nearest step leaves two errors that can be had for nothing. A kernel
whose weights nearly cancel, an edge detector, sees mostly the mean of its input, and its weights'
errors then add up to a shift of it: so the weights of a kernel are rounded such that their sum is
kept to half a step (Guo et al., "SQuant: On-the-Fly Data-Free Quantization via Diagonal Hessian
Approximation", ICLR 2022, the kernel-wise step). What is left of the shift is, on average, known
from the mean input of each channel, and is taken off the bias (Nagel et al., "Data-Free
Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 127
"""Largest whole number in use: -128 is left out, so that the range is symmetric."""

_SMALLEST_HALF = np.float16(2.0**-24)


def scale_of(largest: NDArray[np.float32], *, half: bool = False) -> NDArray[np.float32]:
    """The scales under which the largest magnitudes become the largest whole number.

    Args:
        largest: (...) float32, at least 0: largest magnitudes. Where one is 0 any scale will do,
            and it gets 1 / 127: runtimes refuse scales of 0.
        half: Whether the scales must be numbers of half precision; they are then rounded up.

    Returns:
        (...) float32, above 0.
    """
    scales = np.where(largest > 0, largest, np.float32(1)).astype(np.float32) / np.float32(LEVELS)
    # The least magnitudes would end in a scale of 0.
    scales = np.maximum(scales, np.finfo(np.float32).tiny)
    if not half:
        return np.asarray(scales, np.float32)
    rounded = scales.astype(np.float16)
    up = np.where(rounded < scales, np.nextafter(rounded, np.float16(np.inf)), rounded)
    return np.asarray(np.maximum(up, _SMALLEST_HALF), np.float32)


def quantize_weights(
    weights: NDArray[np.float32], axis: int, *, half: bool = False
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise weights with a scale for each index of one axis.

    Args:
        weights: (outputs, inputs, ...) float32 of a Conv for axis 0, (inputs, outputs, ...) of a
            ConvTranspose for axis 1.
        axis: The axis of the output channels.
        half: Whether the scales must be numbers of half precision.

    Returns:
        (...) int8 from -127 to 127, and (n,) float32 scales: weights are about int8 times scale.
    """
    others = tuple(i for i in range(weights.ndim) if i != axis)
    scales = scale_of(np.abs(weights).max(axis=others), half=half)
    exact = weights / along(scales, axis, weights.ndim)
    # An output of a ConvTranspose sees only some of a kernel's weights: their sum says nothing.
    whole = _rounded_to_sums(exact) if axis == 0 else np.rint(exact)
    return np.clip(whole, -LEVELS, LEVELS).astype(np.int8), scales


def mean_shift(
    error: NDArray[np.float32], axis: int, means: NDArray[np.float32], group: int, strides: int
) -> NDArray[np.float32]:
    """How far errors of the weights move the mean of each output channel.

    Args:
        error: (outputs, inputs/group, ...) float32 for axis 0, (inputs, outputs/group, ...) for
            axis 1: what was added to the weights.
        axis: The axis of the output channels.
        means: (inputs,) float32: mean of each input channel.
        group: The operator's number of groups.
        strides: Product of its strides.

    Returns:
        (outputs,) float32. Padding is not taken into account.
    """
    sums = error.reshape(*error.shape[:2], -1).sum(axis=2)
    by_group = sums.reshape(group, -1, sums.shape[1])
    inputs = means.reshape(group, -1)
    if axis == 0:
        return np.asarray(np.einsum("goi,gi->go", by_group, inputs).reshape(-1), np.float32)
    # Each input pixel is spread over as many outputs as the strides have phases.
    shift = np.einsum("gio,gi->go", by_group, inputs).reshape(-1) / strides
    return np.asarray(shift, np.float32)


def along(values: NDArray[np.float32], axis: int, ndim: int) -> NDArray[np.float32]:
    """(n,) values, shaped so that they multiply an array of `ndim` axes along one of them."""
    shape = [1] * ndim
    shape[axis] = -1
    return values.reshape(shape)


def _rounded_to_sums(exact: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round so that the sum over each kernel is right to half a step.

    Where the rounding errors of a kernel sum up to k steps, the k weights that went furthest in
    that direction go to the other of their two neighbours instead.

    Args:
        exact: (outputs, inputs, ...) float32, weights in steps.
    """
    kernels = exact.reshape(*exact.shape[:2], -1)
    whole = np.rint(kernels)
    errors = whole - kernels
    excess = np.rint(errors.sum(axis=2, keepdims=True))
    direction = np.sign(excess)
    rank = np.argsort(np.argsort(-direction * errors, axis=2, kind="stable"), axis=2)
    return np.asarray(
        (whole - direction * (rank < np.abs(excess))).reshape(exact.shape), np.float32
    )
