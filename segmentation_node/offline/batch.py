"""Many bags: one after the other, several at a time, or on many machines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from segmentation_node.errors import ConfigError
from segmentation_node.offline.bag_segmenter import BagSegmenter
from segmentation_node.offline.cluster import run_on_ray
from segmentation_node.offline.job import Request
from segmentation_node.offline.meter import Meter, Show
from segmentation_node.offline.opening import Opening
from segmentation_node.offline.outcome import DONE, FAILED, SKIPPED, Outcome
from segmentation_node.offline.workers import run_with_workers

MOST_WORKERS = 1024


@dataclass(frozen=True)
class Crew:
    """Who segments the bags.

    Attributes:
        workers: How many bags at a time; None for one, or for one on each machine of a cluster.
        ray: Address of a Ray cluster; None for this machine alone.
    """

    workers: int | None = None
    ray: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and not 1 <= self.workers <= MOST_WORKERS:
            raise ConfigError(
                received=f"--workers {self.workers}",
                expected=f"a whole number from 1 to {MOST_WORKERS}",
                fix="say how many bags are to be segmented at a time",
            )

    def run(self, requests: Sequence[Request], opening: Opening, meter: Meter) -> Iterator[Outcome]:
        """Segment bags; yield what became of each, in the order of their ends.

        Args:
            requests: The bags.
            opening: How to load the network.
            meter: Told how far they are.

        Raises:
            SegmentationError: The network cannot be loaded, or the cluster is not there.
        """
        if self.ray is not None:
            return run_on_ray(requests, opening, self.ray, self.workers, meter)
        if self.workers is not None and min(self.workers, len(requests)) > 1:
            return run_with_workers(requests, opening, self.workers, meter)
        return _one_by_one(requests, opening, meter)


def run_bag(request: Request, opening: Opening, show: Show) -> dict[str, Any]:
    """Segment one bag, unless that was done before.

    Args:
        request: The bag, and where to.
        opening: How to load the network.
        show: Called with `frames`, how many are done, and how many there are.

    Returns:
        What was done, as plain values: status, frames, seconds and so on.

    Raises:
        SegmentationError: The bag cannot be segmented, or some of its frames cannot be read.
    """
    with BagSegmenter(opening) as segmenter:
        outcome = segmenter(request, partial(show, "frames"))
    show("frames", outcome.frames, outcome.frames)
    if outcome.error is not None:
        raise outcome.error
    return {"kind": "bag", **outcome.to_mapping()}


def run_bags(
    requests: Sequence[Request], opening: Opening, crew: Crew, show: Show
) -> dict[str, Any]:
    """Segment many bags; one that fails is reported, and the others are segmented.

    Args:
        requests: The bags, and where each goes.
        opening: How to load the network.
        crew: Who segments them.
        show: Called with what is counted (`bags`, `frames`), how many are done, and how many
            there are.

    Returns:
        What was done, as plain values: totals, and `bags` in the order of the requests. `errors`
        counts those that failed or in which frames could not be read.

    Raises:
        SegmentationError: The network cannot be loaded, or the cluster is not there.
    """
    opening.check()
    begin = time.monotonic()
    meter = Meter(show, len(requests))
    ended = {outcome.request: outcome for outcome in crew.run(requests, opening, meter)}
    return _report([ended[request] for request in requests], time.monotonic() - begin)


def _one_by_one(requests: Sequence[Request], opening: Opening, meter: Meter) -> Iterator[Outcome]:
    with BagSegmenter(opening) as segmenter:
        for index, request in enumerate(requests):
            outcome = segmenter.attempt(request, partial(meter.moved, index))
            meter.ended(index, outcome.frames)
            yield outcome


def _report(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    frames = sum(outcome.frames for outcome in outcomes)
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in (DONE, SKIPPED, FAILED)
    }
    return {
        "kind": "bags",
        **counts,
        "errors": sum(outcome.error is not None for outcome in outcomes),
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_s": round(frames / seconds, 2) if seconds else 0.0,
        "bags": [outcome.to_mapping() for outcome in outcomes],
    }
