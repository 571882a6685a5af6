from __future__ import annotations

import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.class_map import ChannelIds, MergedIds
from segmentation_node.core.fast_confidence import FastConfidence
from segmentation_node.core.fast_postprocess import FastLabels, colorize_into, overlay_into
from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, Rectangle, fit
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35, Label, LabelSet
from segmentation_node.core.postprocess import colorize, confidence, inside, labels_of, overlay
from segmentation_node.core.window import at_network_size
from segmentation_node.errors import ModelError


def label_set(classes: int) -> LabelSet:
    return LabelSet("some", tuple(Label(7 * i + 3, str(i), (i, i, i)) for i in range(classes)))


def blobs(classes: int, height: int, width: int, seed: int) -> NDArray[np.float32]:
    """Logits as a trained network has them: regions with one winner, and narrow seams."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 8, (classes, max(2, height // 6), max(2, width // 6)))
    wide = [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC) for c in coarse]
    return (np.stack(wide) + random.normal(0, 0.3, (classes, height, width))).astype(np.float32)


def noise(classes: int, height: int, width: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(classes, height, width)).astype(np.float32)


def ties(classes: int, height: int, width: int, seed: int) -> NDArray[np.float32]:
    return np.rint(noise(classes, height, width, seed)).astype(np.float32)


def near_ties(classes: int, height: int, width: int, seed: int) -> NDArray[np.float32]:
    """Whole numbers, a few units in the last place apart: rounding decides at many pixels."""
    random = np.random.default_rng(seed)
    step = np.spacing(np.float32(100)) * random.integers(-3, 4, (classes, height, width))
    return (100 + ties(classes, height, width, seed)[:1] + step).astype(np.float32)


KINDS = {"blobs": blobs, "noise": noise, "ties": ties, "near_ties": near_ties}


def fast(logits: NDArray[np.float32], fitted: Fit, labels: ChannelIds) -> NDArray[np.uint8]:
    out = np.full((fitted.image_height, fitted.image_width), 254, np.uint8)
    FastLabels(fitted, logits.shape, labels)(logits, out)
    return out


@settings(deadline=None, max_examples=150)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    mode=st.sampled_from(list(FitMode)),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    coarse=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    classes=st.integers(1, 7),
    seed=st.integers(0, 99),
)
def test_labels_equal_the_definition_at_any_size(
    kind: str,
    mode: FitMode,
    height: int,
    width: int,
    coarse: tuple[int, int],
    classes: int,
    seed: int,
) -> None:
    fitted = fit(mode, height, width, NetworkSize(coarse[0] * 8, coarse[1] * 8))
    logits = KINDS[kind](classes, *coarse, seed)
    labels = label_set(classes)
    assert (fast(logits, fitted, labels) == labels_of(logits, fitted, labels)).all()


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("mode", list(FitMode))
@pytest.mark.parametrize("image", [(360, 480), (397, 641)])
def test_labels_equal_the_definition_on_camera_images(
    kind: str, mode: FitMode, image: tuple[int, int]
) -> None:
    fitted = fit(mode, *image, NetworkSize(288, 512))
    logits = KINDS[kind](11, 36, 64, 1)
    assert (fast(logits, fitted, CAMVID_11) == labels_of(logits, fitted, CAMVID_11)).all()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_labels_equal_the_definition_at_a_stride_of_32(kind: str) -> None:
    fitted = fit(FitMode.LETTERBOX, 397, 641, NetworkSize(288, 512))
    logits = KINDS[kind](11, 9, 16, 1)
    assert (fast(logits, fitted, CAMVID_11) == labels_of(logits, fitted, CAMVID_11)).all()


@pytest.mark.parametrize("scale", [1e-44, 1e-38, 1e-30, 1e-3, 1e6, 1e30, 1e35])
def test_logits_may_be_of_any_magnitude(scale: float) -> None:
    fitted = fit(FitMode.STRETCH, 90, 120, NetworkSize(64, 96))
    logits = (blobs(5, 8, 12, 3) * scale).astype(np.float32)
    labels = label_set(5)
    assert (fast(logits, fitted, labels) == labels_of(logits, fitted, labels)).all()


def test_a_large_offset_that_all_classes_share_does_not_matter() -> None:
    fitted = fit(FitMode.STRETCH, 90, 120, NetworkSize(64, 96))
    logits = blobs(5, 8, 12, 3) + np.float32(1e5)
    labels = label_set(5)
    assert (fast(logits, fitted, labels) == labels_of(logits, fitted, labels)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_left_to_the_definition(value: float) -> None:
    fitted = fit(FitMode.STRETCH, 90, 120, NetworkSize(64, 96))
    logits = blobs(5, 8, 12, 3)
    logits[2, 3, 4] = value
    labels = label_set(5)
    with np.errstate(invalid="ignore"):
        assert (fast(logits, fitted, labels) == labels_of(logits, fitted, labels)).all()


def test_one_class_alone_is_everywhere() -> None:
    fitted = fit(FitMode.STRETCH, 90, 120, NetworkSize(64, 96))
    assert (fast(noise(1, 8, 12, 0), fitted, label_set(1)) == 3).all()


def test_pixels_outside_the_canvas_are_unknown() -> None:
    fitted = fit(FitMode.CROP, 100, 300, NetworkSize(64, 64))
    logits = blobs(19, 8, 8, 0)
    found = fast(logits, fitted, CITYSCAPES_35)
    assert (found[~inside(fitted)] == CITYSCAPES_35.ignore_id).all()
    assert set(np.unique(found[inside(fitted)])) <= set(CITYSCAPES_35.id_of_channel)


def merged(labels: LabelSet) -> MergedIds:
    ids = np.arange(labels.num_classes, dtype=np.uint8) % 2 * 9
    return MergedIds("merged", ids, ignore_id=200)


@pytest.mark.parametrize("mode", list(FitMode))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_regions_network_sizes_and_merged_classes_equal_the_definition(
    mode: FitMode, kind: str
) -> None:
    region = fit(mode, 121, 203, NetworkSize(64, 96), Rectangle(20, 31, 160, 70))
    logits, labels = KINDS[kind](6, 8, 12, 3), label_set(6)
    for fitted in (region, at_network_size(region)):
        for ids in (labels, merged(labels)):
            assert (fast(logits, fitted, ids) == labels_of(logits, fitted, ids)).all()
    found = fast(logits, region, merged(labels))
    assert (found[~inside(region)] == 200).all()
    assert not inside(region)[:31].any()


def test_one_instance_serves_frame_after_frame() -> None:
    fitted = fit(FitMode.LETTERBOX, 120, 200, NetworkSize(96, 96))
    labels = label_set(6)
    make, out = FastLabels(fitted, (6, 12, 12), labels), np.empty((120, 200), np.uint8)
    for seed, kind in enumerate(("noise", "blobs", "ties", "noise", "blobs")):
        logits = KINDS[kind](6, 12, 12, seed)
        make(logits, out)
        assert (out == labels_of(logits, fitted, labels)).all()


def test_few_cells_of_a_scene_are_interpolated_and_all_of_noise() -> None:
    fitted = fit(FitMode.STRETCH, 360, 480, NetworkSize(288, 512))
    make, out = FastLabels(fitted, (11, 36, 64), CAMVID_11), np.empty((360, 480), np.uint8)
    make(np.zeros((11, 36, 64), np.float32) + np.arange(11, dtype=np.float32)[:, None, None], out)
    assert make.mixed_share == 0
    make(noise(11, 36, 64, 0), out)
    assert make.mixed_share > 0.9


def test_no_image_is_allocated_after_the_first() -> None:
    fitted = fit(FitMode.STRETCH, 720, 1280, NetworkSize(512, 1024))
    make, out = FastLabels(fitted, (11, 64, 128), CAMVID_11), np.empty((720, 1280), np.uint8)
    logits = blobs(11, 64, 128, 0)
    make(logits, out)
    tracemalloc.start()
    make(logits, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < out.nbytes


def test_other_channels_than_classes_are_refused() -> None:
    with pytest.raises(ModelError, match="channel for each class"):
        FastLabels(fit(FitMode.STRETCH, 8, 8, NetworkSize(64, 64)), (12, 8, 8), CAMVID_11)


def test_colours_equal_the_definition() -> None:
    labels = np.random.default_rng(0).integers(0, 256, (31, 57), np.uint8)
    color = np.empty((31, 57, 3), np.uint8)
    colorize_into(labels, CITYSCAPES_35.palette(), color)
    assert (color == colorize(labels, CITYSCAPES_35.palette())).all()


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
def test_overlay_is_within_a_level_of_the_definition(alpha: float) -> None:
    image, color = np.random.default_rng(0).integers(0, 256, (2, 31, 57, 3), np.uint8)
    out = np.empty_like(image)
    overlay_into(image, color, alpha, out)
    assert np.abs(out.astype(int) - overlay(image, color, alpha)).max() <= 1


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    mode=st.sampled_from(list(FitMode)),
    image=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    cells=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stride=st.sampled_from([1, 4, 8]),
    small=st.booleans(),
    seed=st.integers(0, 2**20),
)
def test_fast_paths_meet_the_definition_with_corners_on_corners(
    kind: str,
    mode: FitMode,
    image: tuple[int, int],
    cells: tuple[int, int],
    stride: int,
    small: bool,
    seed: int,
) -> None:
    network = NetworkSize(stride * cells[0], stride * cells[1])
    fitted = replace(fit(mode, *image, network), align_corners=True)
    fitted = at_network_size(fitted) if small else fitted
    logits, labels = KINDS[kind](5, *cells, seed), label_set(5)
    np.testing.assert_array_equal(fast(logits, fitted, labels), labels_of(logits, fitted, labels))
    found = np.empty((fitted.image_height, fitted.image_width), np.uint8)
    FastConfidence(fitted, logits.shape)(logits, found)
    wanted = confidence(logits, fitted).astype(int)
    assert np.abs(found.astype(int) - wanted).max() <= 1
