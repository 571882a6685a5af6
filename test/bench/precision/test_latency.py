from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from segmentation_node.bench.precision.latency import latency_of
from segmentation_node.bench.precision.measure import FrameScore


def frames(*times_ms: float) -> list[FrameScore]:
    counts = np.zeros((2, 3), np.int64)
    return [FrameScore("a", counts, 1, 1, time_ms, time_ms / 4) for time_ms in times_ms]


def test_no_frame_is_dropped_the_slowest_neither() -> None:
    found = latency_of(frames(*[1.0] * 9, 100.0), frames(*[2.0] * 10))
    assert found["segment_ms"]["p50"] == 1
    assert found["segment_ms"]["p95"] == pytest.approx(np.percentile([1.0] * 9 + [100.0], 95))
    assert found["inference_ms"]["p50"] == 0.25


def test_a_ratio_is_that_of_the_same_percentile() -> None:
    found = latency_of(frames(1, 2, 3), frames(2, 4, 6))
    assert found["ratio"] == {
        "segment": {"p50": 0.5, "p95": 0.5},
        "inference": {"p50": 0.5, "p95": 0.5},
    }
