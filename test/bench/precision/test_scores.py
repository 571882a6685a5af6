from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from segmentation_node.bench.precision.bootstrap import Resampling
from segmentation_node.bench.precision.measure import FrameScore, Record
from segmentation_node.bench.precision.scores import row, scores
from segmentation_node.core.labels import Label, LabelSet
from segmentation_node.datasets import Dataset
from segmentation_node.errors import DatasetError

LABELS = LabelSet("two", (Label(0, "road", (0, 0, 0)), Label(1, "car", (1, 1, 1))))
DATA = Dataset("two/val", (), LABELS)


def frame(group: str, hits: int, same: int = 10) -> FrameScore:
    """Of ten pixels of each class, so many of the first are right, and all of the second."""
    return FrameScore(group, np.array([[hits, 10 - hits, 0], [0, 10, 0]]), same, 10, 1.0, 0.5)


def test_frames_are_summed_before_dividing_and_compared_with_the_reference():
    reference = [frame("a", 10), frame("a", 10)]
    found = scores([frame("a", 10), frame("a", 5, 5)], reference, DATA, Resampling())
    # Road: 15 of 20. Car: 20 of 25.
    assert found["miou"] == pytest.approx((0.75 + 0.8) / 2)
    assert found["drop"]["points"] == pytest.approx(22.5)
    assert found["drop"]["verdict"] == "too few blocks"
    assert found["agreement"] == 0.75
    assert found["frames"] == 2


def test_data_of_which_nothing_counts_is_refused():
    record = Record("fp32", LABELS)
    record.frames = [FrameScore("a", np.zeros((2, 3), np.int64), 1, 1, 1.0, 1.0)]
    with pytest.raises(DatasetError, match="every pixel is ignored"):
        row(record, record, DATA, Resampling())
