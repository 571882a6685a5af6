from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.fast_confidence import FastConfidence
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, Rectangle, fit
from segmentation_node.core.postprocess import confidence, inside
from segmentation_node.core.window import at_network_size


def fast(logits: NDArray[np.float32], fitted: Fit, temperature: float = 1.0) -> NDArray[np.uint8]:
    out = np.full((fitted.image_height, fitted.image_width), 200, np.uint8)
    FastConfidence(fitted, logits.shape)(logits, out, temperature)
    return out


def apart(logits: NDArray[np.float32], fitted: Fit, temperature: float = 1.0) -> NDArray[np.int64]:
    """How far each pixel is from the definition."""
    found = fast(logits, fitted, temperature).astype(int)
    return np.abs(found - confidence(logits, fitted, temperature))


def noise(shape: tuple[int, int, int], spread: float, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, spread, shape).astype(np.float32)


@settings(deadline=None, max_examples=150)
@given(
    mode=st.sampled_from(list(FitMode)),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    coarse=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    classes=st.integers(1, 7),
    spread=st.floats(0, 12),
    temperature=st.floats(0.3, 5),
    seed=st.integers(0, 99),
)
def test_confidence_is_within_a_level_of_the_definition_at_any_size(
    mode: FitMode,
    height: int,
    width: int,
    coarse: tuple[int, int],
    classes: int,
    spread: float,
    temperature: float,
    seed: int,
) -> None:
    fitted = fit(mode, height, width, NetworkSize(coarse[0] * 8, coarse[1] * 8))
    assert apart(noise((classes, *coarse), spread, seed), fitted, temperature).max() <= 1


@pytest.mark.parametrize("mode", list(FitMode))
@pytest.mark.parametrize("coarse", [(45, 80), (23, 31), (128, 256)])
def test_nearly_every_pixel_of_a_large_image_equals_the_definition(
    mode: FitMode, coarse: tuple[int, int]
) -> None:
    fitted = fit(mode, 359, 641, NetworkSize(coarse[0] * 4, coarse[1] * 4))
    difference = apart(noise((11, *coarse), 3), fitted)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) < 0.001 * difference.size


@pytest.mark.parametrize("spread", [1e-6, 25.0, 40.0, 1e4, 1e20])
def test_logits_of_any_size_are_within_a_level(spread: float) -> None:
    fitted = fit(FitMode.LETTERBOX, 97, 211, NetworkSize(64, 96))
    logits = np.clip(noise((5, 8, 12), spread), -3 * spread, 3 * spread)
    assert apart(logits, fitted).max() <= 1


def test_steep_cells_as_far_apart_as_exponentials_allow_are_within_a_level() -> None:
    # 37 pixels a cell are divided into three; with 39.9 either way the factors are the largest.
    signs = np.sign(noise((4, 3, 4), 1))
    fitted = fit(FitMode.STRETCH, 111, 148, NetworkSize(24, 32))
    assert apart((39.9 * signs).astype(np.float32), fitted).max() <= 1


def test_equal_logits_share_the_confidence() -> None:
    fitted = fit(FitMode.STRETCH, 31, 47, NetworkSize(16, 24))
    assert (fast(np.full((4, 4, 6), 2.5, np.float32), fitted) == 64).all()


def test_logits_that_are_no_numbers_leave_other_pixels_alone() -> None:
    fitted = fit(FitMode.STRETCH, 64, 96, NetworkSize(64, 96))
    logits = noise((5, 8, 12), 3)
    expected = confidence(logits, fitted)
    logits[:, 0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        found = fast(logits, fitted)
    assert np.abs(found[32:].astype(int) - expected[32:]).max() <= 1


def test_pixels_that_the_network_has_not_seen_are_zero() -> None:
    fitted = fit(FitMode.CROP, 50, 200, NetworkSize(64, 64))
    unseen = ~inside(fitted)
    assert unseen.any()
    assert (fast(noise((5, 16, 16), 3), fitted)[unseen] == 0).all()


def test_a_region_and_results_at_the_networks_size_are_within_a_level() -> None:
    region = fit(FitMode.LETTERBOX, 120, 177, NetworkSize(64, 96), Rectangle(20, 31, 97, 51))
    logits = noise((6, 16, 24), 3)
    for fitted in (region, at_network_size(region)):
        assert apart(logits, fitted).max() <= 1


def test_one_instance_serves_frame_after_frame_and_leaves_logits_alone() -> None:
    fitted = fit(FitMode.LETTERBOX, 97, 211, NetworkSize(64, 96))
    make = FastConfidence(fitted, (5, 8, 12))
    out = np.full((97, 211), 200, np.uint8)
    for seed, temperature in ((0, 1.0), (1, 2.5), (2, 0.02), (3, 1.0)):
        logits = noise((5, 8, 12), 3, seed)
        kept = logits.copy()
        make(logits, out, temperature)
        difference = out.astype(int) - confidence(logits, fitted, temperature)
        assert np.abs(difference).max() <= 1
        assert (logits == kept).all()


@pytest.mark.parametrize("temperature", [1.0, 0.02])
def test_no_image_is_allocated_after_the_first(temperature: float) -> None:
    fitted = fit(FitMode.LETTERBOX, 270, 480, NetworkSize(128, 256))
    make, out = FastConfidence(fitted, (11, 32, 64)), np.empty((270, 480), np.uint8)
    logits = noise((11, 32, 64), 3)
    make(logits, out, temperature)
    tracemalloc.start()
    try:
        make(logits, out, temperature)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < out.nbytes / 2
