"""What the times of many frames come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.precision.measure import FrameScore

_PERCENTILES = (50, 95)


def latency_of(frames: Sequence[FrameScore], reference: Sequence[FrameScore]) -> dict[str, Any]:
    """Percentiles of every frame's time, and how many times the reference's they are.

    Args:
        frames: Of one precision.
        reference: Of the reference, on the same frames.

    Returns:
        `segment_ms` (camera image to labels) and `inference_ms` (the network's share), each with
        `p50` and `p95`, and `ratio` with the same of both.
    """
    found = {
        "segment": [[one.segment_ms for one in part] for part in (frames, reference)],
        "inference": [[one.inference_ms for one in part] for part in (frames, reference)],
    }
    at = {
        name: [np.percentile(times, _PERCENTILES) for times in pair] for name, pair in found.items()
    }
    return {
        **{f"{name}_ms": _by_name(own) for name, (own, _) in at.items()},
        "ratio": {name: _by_name(own / other) for name, (own, other) in at.items()},
    }


def _by_name(values: NDArray[np.float64]) -> dict[str, float]:
    named = zip(_PERCENTILES, values, strict=True)
    return {f"p{percentile}": round(float(value), 3) for percentile, value in named}
