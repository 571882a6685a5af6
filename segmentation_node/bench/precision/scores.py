"""What frames come to: scores, agreement with the reference, and the drop against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import check_counted, scores_of
from segmentation_node.bench.precision.bootstrap import Resampling, drop_of
from segmentation_node.bench.precision.latency import latency_of
from segmentation_node.bench.precision.measure import FrameScore, Record
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.datasets import Dataset

Frames = Sequence[FrameScore]


def scores(frames: Frames, reference: Frames, data: Dataset, how: Resampling) -> dict[str, Any]:
    """Score frames beside those of the reference.

    Args:
        frames: Of one precision.
        reference: Of the reference, on the same frames.
        data: Where they are from.
        how: How the drop's interval is made.

    Returns:
        `miou`, `pixel_accuracy` and `per_class` as `bench.accuracy` gives them; `frames`; `drop`;
        and `agreement`, the share of pixels with the reference's label.
    """
    counts = np.stack([frame.counts for frame in frames])
    matrix = _summed(counts, data)
    groups = [frame.group for frame in frames]
    drop = drop_of(np.stack([frame.counts for frame in reference]), counts, groups, how)
    same, pixels = (sum(getattr(one, key) for one in frames) for key in ("same", "pixels"))
    return {
        **scores_of(matrix),
        "frames": len(frames),
        "drop": drop.to_mapping(),
        "agreement": round(same / pixels, 5),
    }


def row(record: Record, reference: Record, data: Dataset, how: Resampling) -> dict[str, Any]:
    """All that is told of one precision.

    Args:
        record: The precision.
        reference: What it is compared with.
        data: What both were measured on.
        how: How intervals are made.

    Raises:
        DatasetError: No pixel of the data counts.
    """
    check_counted(_summed(np.stack([frame.counts for frame in record.frames]), data), data)
    found = {
        "name": record.name,
        "precision": record.networks[0]["precision"],
        "bytes": sorted({network["bytes"] for network in record.networks}),
        **scores(record.frames, reference.frames, data, how),
        "by_condition": {
            group: scores(_of(record, group), _of(reference, group), data, how)
            for group in data.groups
        },
        "latency": latency_of(record.frames, reference.frames),
        "networks": record.networks,
    }
    return found if record.by_size is None else {**found, "by_size": record.by_size.result()}


def _summed(counts: NDArray[np.int64], data: Dataset) -> ConfusionMatrix:
    matrix = ConfusionMatrix.for_labels(data.labels)
    matrix.counts += counts.sum(axis=0)
    return matrix


def _of(record: Record, group: str) -> list[FrameScore]:
    return [frame for frame in record.frames if frame.group == group]
