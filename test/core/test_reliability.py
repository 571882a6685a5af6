"""Reliability: confidences counted against what became of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segmentation_node.core.reliability import Reliability, expected_calibration_error
from segmentation_node.errors import ConfigError, DatasetError


def test_the_error_is_the_gap_between_confidence_and_accuracy_weighted_by_answers() -> None:
    # Eight answers at 90 % of which six are right, and two at 50 % of which one is.
    confidence = np.array([0.9] * 8 + [0.5] * 2)
    correct = np.array([True] * 6 + [False] * 2 + [True, False])
    error = expected_calibration_error(confidence, correct)
    assert error == pytest.approx(0.8 * abs(0.75 - 0.9) + 0.2 * 0)


def test_who_is_right_as_often_as_said_has_no_error() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0, 1, 200_000)
    correct = random.uniform(0, 1, 200_000) < confidence
    assert expected_calibration_error(confidence, correct) < 0.01
    assert expected_calibration_error(confidence**0.3, correct) > 0.1


def test_who_is_sure_and_always_wrong_has_an_error_of_one() -> None:
    assert expected_calibration_error(np.ones((3, 4)), np.zeros((3, 4), bool)) == 1.0


def test_bins_are_closed_at_their_upper_end() -> None:
    reliability = Reliability(bins=5)
    reliability.update(np.array([0.0, 0.2, 0.2000001, 1.0]), np.array([True, False, True, True]))
    assert reliability.counts.tolist() == [2, 1, 0, 0, 1]
    assert reliability.hits.tolist() == [1, 1, 0, 0, 1]
    assert reliability.accuracy[0] == 0.5
    assert math.isnan(reliability.accuracy[2])
    assert reliability.confidence[0] == pytest.approx(0.1)


def test_confidence_images_are_taken_as_they_are_published() -> None:
    levels = np.array([[0, 51], [204, 255]], np.uint8)
    correct = np.array([[False, True], [True, True]])
    assert expected_calibration_error(levels, correct) == pytest.approx(
        expected_calibration_error(levels / 255, correct)
    )


def test_images_can_be_counted_apart_and_merged() -> None:
    random = np.random.default_rng(1)
    confidence, correct = random.uniform(0, 1, 100), random.uniform(0, 1, 100) < 0.5
    together, first, second = Reliability(), Reliability(), Reliability()
    together.update(confidence, correct)
    first.update(confidence[:40], correct[:40])
    second.update(confidence[40:], correct[40:])
    first.merge(second)
    assert first.error == pytest.approx(together.error)


def test_without_answers_there_is_no_error() -> None:
    assert math.isnan(Reliability().error)


def test_other_shapes_and_no_bins_are_refused() -> None:
    with pytest.raises(DatasetError, match="the same shape"):
        Reliability().update(np.zeros(3), np.zeros(4, bool))
    with pytest.raises(ConfigError, match="at least 1"):
        Reliability(0)
