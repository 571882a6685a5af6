from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.dense_confidence import DenseConfidence
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.postprocess import confidence


@pytest.mark.parametrize("mode", list(FitMode))
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_confidence_is_within_a_level_of_the_definition(mode: FitMode, temperature: float) -> None:
    fitted = fit(mode, 97, 211, NetworkSize(64, 96))
    make = DenseConfidence(fitted, (5, 8, 12))
    out = np.full((97, 211), 200, np.uint8)
    for seed in (0, 1):
        logits = np.random.default_rng(seed).normal(0, 3, (5, 8, 12)).astype(np.float32)
        kept = logits.copy()
        make(logits, out, temperature)
        difference = out.astype(int) - confidence(logits, fitted, temperature)
        assert np.abs(difference).max() <= 1
        assert (logits == kept).all()
