from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.training.augment import Augmentation, augment, photometric

GEOMETRY_ONLY = Augmentation(
    crop_height=64, crop_width=80, height=96, color=0.0, darkness=0.0, degradation=0.0
)


@pytest.fixture
def labelled():
    """Blocks of 16 pixels; the image's value tells the class: value = 20 * class + 40."""
    rng = np.random.default_rng(0)
    classes = np.kron(rng.integers(0, 8, (6, 8)), np.ones((16, 16))).astype(np.uint8)
    return np.repeat((classes * 20 + 40)[:, :, None], 3, axis=2).astype(np.uint8), classes


@pytest.mark.parametrize("seed", range(8))
def test_labels_move_with_the_image(labelled, seed):
    image, classes = augment(*labelled, GEOMETRY_ONLY, np.random.default_rng(seed))
    assert image.shape == (64, 80, 3)
    assert classes.shape == (64, 80)
    seen = classes != 255
    shown = (image[:, :, 0].astype(int) - 40 + 10) // 20
    # Pixels on the edges of blocks are mixtures; all others must agree.
    assert (shown == classes)[seen].mean() > 0.8


def test_what_is_outside_the_image_has_no_class(labelled):
    small = replace(GEOMETRY_ONLY, scale_low=0.3, scale_high=0.3, pad=(1, 2, 3))
    image, classes = augment(*labelled, small, np.random.default_rng(1))
    outside = classes == 255
    assert 0.5 < outside.mean() < 0.9
    padded = (image == (1, 2, 3)).all(axis=2)
    assert padded[outside].mean() > 0.9


def test_the_same_seed_gives_the_same_image(labelled):
    settings = Augmentation(crop_height=64, crop_width=64, darkness=1.0, degradation=1.0)
    first, second = (augment(*labelled, settings, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_mirroring_mirrors(labelled):
    still = replace(
        GEOMETRY_ONLY, crop_height=96, crop_width=128, scale_low=1, scale_high=1, aspect=0,
        rotation_deg=0, flip=1.0,
    )  # fmt: skip
    image, classes = augment(*labelled, still, np.random.default_rng(0))
    assert np.array_equal(image, labelled[0][:, ::-1])
    assert np.array_equal(classes, labelled[1][:, ::-1])


def test_images_of_all_sizes_are_seen_at_one_scale(labelled):
    image, classes = (np.kron(part, np.ones((2, 2) + (1,) * (part.ndim - 2))) for part in labelled)
    twice = image.astype(np.uint8), classes.astype(np.uint8)
    _, small = augment(*labelled, GEOMETRY_ONLY, np.random.default_rng(4))
    _, large = augment(*twice, GEOMETRY_ONLY, np.random.default_rng(4))
    # What differs lies within a pixel of the edges of blocks.
    assert (small == large).mean() > 0.9


def test_darkness_darkens(labelled):
    dark = replace(GEOMETRY_ONLY, darkness=1.0)
    changed = photometric(labelled[0], dark, np.random.default_rng(0))
    assert changed.mean() < 0.8 * labelled[0].mean()


@pytest.mark.parametrize(
    "wrong",
    [{"crop_height": 0}, {"height": 0}, {"scale_low": 2.0, "scale_high": 1.0}, {"flip": 1.5}],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match="augmentation"):
        Augmentation(**wrong)
