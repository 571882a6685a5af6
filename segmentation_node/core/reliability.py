"""How far confidences can be taken at their word: of what is said with 80 %, are 80 % right?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import ConfigError, DatasetError

BINS = 15
"""Bins of equal width, as in Guo et al., "On Calibration of Modern Neural Networks", 2017."""


class Reliability:
    """Counts answers by their confidence, over any number of images.

    Args:
        bins: Number of bins of equal width between 0 and 1.

    Attributes:
        counts: (bins,) int64: answers.
        hits: (bins,) int64: answers that were right.
        confidences: (bins,) float64: sum of the answers' confidences.
    """

    def __init__(self, bins: int = BINS) -> None:
        if bins < 1:
            raise ConfigError(f"{bins} bins of confidence", "at least 1", "ask for more bins")
        self.counts = np.zeros(bins, np.int64)
        self.hits = np.zeros(bins, np.int64)
        self.confidences = np.zeros(bins, np.float64)

    def update(self, confidence: NDArray[Any], correct: NDArray[np.bool_]) -> None:
        """Count some answers.

        Args:
            confidence: (...) float in 0..1, or uint8 where 255 stands for 1.
            correct: (...) bool, of the same shape: whether each answer was right.

        Raises:
            DatasetError: The shapes differ.
        """
        if confidence.shape != correct.shape:
            raise DatasetError(
                received=f"confidences of shape {confidence.shape} for {correct.shape} answers",
                expected="the same shape",
                fix="give one confidence for each answer",
            )
        scale = 255.0 if confidence.dtype == np.uint8 else 1.0
        sure = confidence.ravel().astype(np.float64) / scale
        # Bins are closed at their upper end, and the first at both, as in the paper.
        bins = np.clip(np.ceil(sure * len(self.counts)).astype(np.int64) - 1, 0, None)
        self.counts += np.bincount(bins, minlength=len(self.counts))
        self.hits += np.bincount(bins[correct.ravel()], minlength=len(self.counts))
        self.confidences += np.bincount(bins, sure, minlength=len(self.counts))

    def merge(self, other: Reliability) -> None:
        """Add the counts of another one with as many bins."""
        self.counts += other.counts
        self.hits += other.hits
        self.confidences += other.confidences

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """(bins,) float64: share of right answers in each bin; NaN where there are none."""
        return self._per_answer(self.hits)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """(bins,) float64: mean confidence in each bin; NaN where there are no answers."""
        return self._per_answer(self.confidences)

    @property
    def error(self) -> float:
        """The expected calibration error, 0..1; NaN where there are no answers.

        The gap between confidence and accuracy, over all bins, weighted by their answers
        (equation 3 of the paper).
        """
        total = int(self.counts.sum())
        return float(np.abs(self.hits - self.confidences).sum()) / total if total else float("nan")

    def _per_answer(self, sums: NDArray[Any]) -> NDArray[np.float64]:
        shares: NDArray[np.float64] = np.full(len(sums), np.nan)
        np.divide(sums, self.counts, out=shares, where=self.counts > 0)
        return shares


def expected_calibration_error(
    confidence: NDArray[Any], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """How far confidences are from the share of right answers, on average.

    Args:
        confidence: (...) float in 0..1, or uint8 where 255 stands for 1.
        correct: (...) bool, of the same shape: whether each answer was right.
        bins: Number of bins of equal width.

    Returns:
        0 (perfect) to 1; NaN where there are no answers.
    """
    reliability = Reliability(bins)
    reliability.update(confidence, correct)
    return reliability.error
