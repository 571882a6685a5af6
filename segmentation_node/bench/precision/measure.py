"""Scores and times several networks frame by frame, in turns.

Machines slow down and speed up from one second to the next. So every frame goes through all
networks, right after each other, and each frame begins with another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.accuracy import Answer, provenance
from segmentation_node.bench.by_size import BySize
from segmentation_node.bench.precision.networks import Network
from segmentation_node.bench.precision.opening import opened
from segmentation_node.bench.precision.weights import Weights
from segmentation_node.bench.things import THINGS
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.labels import LabelSet
from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.datasets import Dataset
from segmentation_node.pipeline import Outputs, Segmenter

_LABELS_ONLY = Outputs(color=False)


@dataclass(frozen=True, eq=False)
class FrameScore:
    """What one network made of one frame.

    Args:
        group: What the frame was taken from.
        counts: (C, C + 1) int64: its confusion matrix.
        same: Pixels with the reference's label.
        pixels: All pixels.
        segment_ms: Time from the camera image to its labels, copies included.
        inference_ms: The network's share of it.
    """

    group: str
    counts: NDArray[np.int64]
    same: int
    pixels: int
    segment_ms: float
    inference_ms: float


class Record:
    """All that is found out of one precision, by one set of weights or several.

    Args:
        name: The precision's.
        labels: Of the data set.
    """

    def __init__(self, name: str, labels: LabelSet) -> None:
        self.name = name
        self.frames: list[FrameScore] = []
        self.networks: list[dict[str, Any]] = []
        has_things = any(one.category in THINGS and not one.ignored for one in labels.classes)
        self.by_size = BySize(labels) if has_things else None

    def opened(self, network: Network, segmenter: Segmenter) -> None:
        """Note a network that is going to be measured, as it runs."""
        left = network.figures.get("float_layers", [])
        made = {"bytes": network.bytes, "float_layers": left}
        self.networks.append({**provenance(segmenter), **made})

    def add(self, answer: Answer, frame: FrameScore) -> None:
        """Take in one frame."""
        self.frames.append(frame)
        if self.by_size is not None:
            self.by_size.add(answer)


@dataclass(frozen=True, eq=False)
class _Result:
    labels: NDArray[np.uint8]
    segment_ms: float
    inference_ms: float

    def score(self, answer: Answer, reference: NDArray[np.uint8]) -> FrameScore:
        return FrameScore(
            answer.sample.group,
            answer.counts.counts,
            int(np.count_nonzero(self.labels == reference)),
            reference.size,
            self.segment_ms,
            self.inference_ms,
        )


class _Turns:
    """Runs an image through all networks, each image first through another one."""

    def __init__(self, segmenters: Mapping[str, Segmenter]) -> None:
        self._segmenters = segmenters
        self._order = list(segmenters)
        self._size = (0, 0)

    def __call__(self, image: NDArray[np.uint8]) -> dict[str, _Result]:
        """Each network's answer, valid until the second-next call."""
        height, width = size = image.shape[:2]
        if size != self._size:
            self._size = size
            for segmenter in self._segmenters.values():
                segmenter.warm_up(height, width, _LABELS_ONLY)
        self._order.append(self._order.pop(0))
        return {name: _timed(self._segmenters[name], image) for name in self._order}


def _timed(segmenter: Segmenter, image: NDArray[np.uint8]) -> _Result:
    start = time.perf_counter()
    result = segmenter(image, outputs=_LABELS_ONLY)
    took_ms = 1e3 * (time.perf_counter() - start)
    return _Result(result.labels, took_ms, result.stages_ms["inference"])


def measure_all(
    made: Sequence[tuple[Weights, Sequence[Network]]],
    data: Dataset,
    engine: str,
    size: NetworkSize | None,
    progress: Callable[[str, int, int], None],
) -> dict[str, Record]:
    """Run the networks of all weights, each over its own part of a data set.

    Args:
        made: Each weights with their networks, of the same precisions in the same order; the
            first is the reference.
        data: What to score on.
        engine: The runtime.
        size: Network size; the models' default where None.
        progress: Called with the name of a step, how much of it is done, and of all.

    Returns:
        A record for each precision, by its name; all hold the same frames in the same order.

    Raises:
        SegmentationError: A network cannot be opened, or does not fit the data.
    """
    names = [one.variant.name for one in made[0][1]]
    records = {name: Record(name, data.labels) for name in names}
    for weights, networks in made:
        step = f"frames of {', '.join(weights.groups)}"
        measure(
            networks,
            data.of_groups(weights.groups),
            records,
            engine,
            size,
            lambda *at, step=step: progress(step, *at),
        )
    return records


def measure(
    networks: Sequence[Network],
    data: Dataset,
    records: Mapping[str, Record],
    engine: str,
    size: NetworkSize | None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run all networks over all frames of a data set.

    Args:
        networks: The first is the reference.
        data: What to score on.
        records: Where to, by the precisions' names.
        engine: The runtime.
        size: Network size; the models' default where None.
        progress: Called with the number of frames done, and of all.

    Raises:
        SegmentationError: A network cannot be opened, or does not fit the data.
    """
    with opened(networks, engine, size) as segmenters:
        for one in networks:
            records[one.variant.name].opened(one, segmenters[one.variant.name])
        turns = _Turns(segmenters)
        empty = {
            name: ConfusionMatrix.for_labels(data.labels, segmenter.labels)
            for name, segmenter in segmenters.items()
        }
        for done, sample in enumerate(data.samples, start=1):
            image, true = sample.read()
            results = turns(image)
            reference = results[networks[0].variant.name].labels
            for name, result in results.items():
                counts = empty[name].empty()
                counts.update(result.labels, true)
                answer = Answer(sample, result.labels, true, counts)
                records[name].add(answer, result.score(answer, reference))
            if progress:
                progress(done, len(data))
