"""The light of an image: what its three figures are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation_node.core.image_statistics import ImageStatistics, image_statistics


def test_half_red_half_black() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    image[:2] = (0, 0, 200)
    figures = image_statistics(image)
    assert figures.luminance == pytest.approx(30, abs=1)  # 0.299 of 200, on half the image
    assert figures.contrast == pytest.approx(30, abs=1)
    assert figures.saturation == pytest.approx(127.5)


def test_grey_has_neither_contrast_nor_saturation() -> None:
    assert image_statistics(np.full((3, 5, 3), 80, np.uint8)) == ImageStatistics(80.0, 0.0, 0.0)


def test_they_are_mean_and_standard_deviation_of_the_luma_and_mean_saturation() -> None:
    image = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
    luma = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(float)
    saturation = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[:, :, 1].astype(float)
    figures = image_statistics(image)
    assert figures.luminance == pytest.approx(luma.mean())
    assert figures.contrast == pytest.approx(luma.std())
    assert figures.saturation == pytest.approx(saturation.mean())
