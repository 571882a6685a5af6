from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.quantize.weights import along, mean_shift, quantize_weights, scale_of


def random_weights(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(("axis", "outputs"), [(0, 6), (1, 5)])
def test_each_output_channel_uses_the_whole_range(axis, outputs):
    whole, scales = quantize_weights(random_weights(6, 5, 3, 3), axis)
    assert (whole.dtype, scales.shape) == (np.int8, (outputs,))
    others = tuple(i for i in range(4) if i != axis)
    assert (np.abs(whole.astype(int)).max(axis=others) == 127).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(4, 1, 3, 3), (3, 2, 5, 5), (5, 4, 1, 1)]))
def test_no_weight_is_off_by_more_than_a_step(seed, shape):
    weights = random_weights(*shape, seed=seed)
    whole, scales = quantize_weights(weights, 0)
    error = whole * along(scales, 0, 4) - weights
    assert (np.abs(error) <= 1.001 * along(scales, 0, 4)).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(4, 1, 3, 3), (3, 2, 5, 5), (5, 4, 1, 1)]))
def test_the_sum_of_each_kernel_is_right_to_half_a_step(seed, shape):
    weights = random_weights(*shape, seed=seed)
    whole, scales = quantize_weights(weights, 0)
    error = (whole * along(scales, 0, 4) - weights).sum(axis=(2, 3))
    assert (np.abs(error) <= 0.501 * scales[:, None]).all()


def test_weights_of_a_deconvolution_go_to_the_nearest_step():
    weights = random_weights(4, 3, 4, 4)
    whole, scales = quantize_weights(weights, 1)
    assert (np.abs(whole * along(scales, 1, 4) - weights) <= 0.501 * along(scales, 1, 4)).all()


def test_a_channel_of_zeros_gets_a_scale_that_runtimes_take():
    whole, scales = quantize_weights(np.zeros((2, 1, 3, 3), np.float32), 0)
    assert not whole.any()
    assert (scales > 0).all()


@pytest.mark.parametrize("largest", [1e-44, 1e-30, 0.0])
def test_no_scale_is_0_however_small_the_weights(largest):
    assert scale_of(np.float32([largest])) > 0
    assert scale_of(np.float32([largest]), half=True).astype(np.float16) > 0


@given(st.floats(2.0**-29, 1e5, width=32))
def test_scales_for_half_precision_are_its_numbers_and_cut_nothing_off(largest):
    scale = scale_of(np.float32([largest]), half=True)
    assert scale == scale.astype(np.float16)
    assert scale * np.float32(127) >= largest * np.float32(0.999999)


def convolved(weights, inputs, group):
    """Mean of each output of a convolution over constant channels, by the definition."""
    outputs, per_group = len(weights), weights.shape[1]
    first = [o // (outputs // group) * per_group for o in range(outputs)]
    return [
        sum(weights[o, i].sum() * inputs[first[o] + i] for i in range(per_group))
        for o in range(outputs)
    ]


@pytest.mark.parametrize(
    ("shape", "group"), [((6, 4, 3, 3), 1), ((6, 2, 3, 3), 2), ((4, 1, 3, 3), 4)]
)
def test_the_shift_of_a_convolution_is_that_of_constant_channels(shape, group):
    error = random_weights(*shape)
    means = np.arange(1, 1 + shape[1] * group, dtype=np.float32)
    assert mean_shift(error, 0, means, group, 1) == pytest.approx(
        convolved(error, means, group), rel=1e-4
    )


@pytest.mark.parametrize("group", [1, 2])
def test_the_shift_of_a_deconvolution_is_spread_over_its_strides(group):
    error = random_weights(4, 3, 4, 4)
    means = np.float32([1, 2, 3, 4])
    # The sum over all outputs of one pixel's input is the kernel's sum: a quarter for each phase.
    by_group = [
        sum(means[i] * error[i, o].sum() for i in range(g * 4 // group, (g + 1) * 4 // group)) / 4
        for g in range(group)
        for o in range(3)
    ]
    assert mean_shift(error, 1, means, group, 4) == pytest.approx(by_group, rel=1e-4)
