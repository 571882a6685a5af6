"""Ranks layers by what quantising each of them alone does to the logits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray

from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.images import Sample
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.measured import MeasuredTensors
from segmentation_node.quantize.placement import Placement, place_one
from segmentation_node.quantize.sessions import Session

FEWEST_CELLS = 50
"""Cells of a class below which nothing is said of it: a few change in any precision."""


@dataclass(frozen=True)
class Difference:
    """How far the logits of two networks lie apart, over all images.

    Args:
        logits_error: Root of the mean squared difference, over that of the logits themselves.
        label_agreement: Share of the logits' cells in which the same class wins, 0..1.
        kept: Share of the cells of each class that keep it, 0..1, by channel; of those classes
            alone that win in `FEWEST_CELLS`.
        gained: Cells that each of them wins in the other network alone, over those of the first.
        unjudged: Channels that win in some cells of either network, and in too few of the first.
    """

    logits_error: float
    label_agreement: float
    kept: dict[int, float] = field(default_factory=dict)
    gained: dict[int, float] = field(default_factory=dict)
    unjudged: tuple[int, ...] = ()

    @property
    def mean_iou(self) -> float:
        """Mean intersection over union of the classes that can be judged, 0..1."""
        both = [kept / (1 + self.gained[one]) for one, kept in self.kept.items()]
        return sum(both) / len(both) if both else self.label_agreement


@dataclass(frozen=True)
class LayerSensitivity:
    """What quantising one layer alone does.

    Args:
        layer: The node's name.
        difference: Of the logits from those of the float network.
    """

    layer: str
    difference: Difference


class Comparison:
    """Holds networks against one, over the same images.

    Args:
        network: The one, in float32.
        samples: Images as the network gets them.
    """

    def __init__(self, network: onnx.ModelProto, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._truth = list(logits_of(network, samples))

    def __len__(self) -> int:
        return len(self._samples)

    def with_(self, network: onnx.ModelProto) -> Difference:
        """How far another network's logits lie from those of the one."""
        return difference(self._truth, logits_of(network, self._samples))


def rank_layers(
    network: onnx.ModelProto,
    placement: Placement,
    tensors: MeasuredTensors,
    samples: Sequence[Sample],
    progress: Callable[[int, int], None] | None = None,
) -> list[LayerSensitivity]:
    """Quantise one layer at a time, its input and its weights, and see what it does.

    Args:
        network: In float32.
        placement: Whose layers to try.
        tensors: What is known of each tensor in the placement.
        samples: Images as the network gets them; a few will do.
        progress: Called with the number of layers done, and of all.

    Returns:
        All layers, the most sensitive first.
    """
    graph = Graph(network)
    beside = Comparison(network, samples)
    ranking = []
    for done, layer in enumerate(placement.layers, start=1):
        quantised = insert(network, place_one(graph, layer), tensors)
        ranking.append(LayerSensitivity(layer, beside.with_(quantised)))
        if progress:
            progress(done, len(placement.layers))
    return sorted(ranking, key=lambda one: one.difference.logits_error, reverse=True)


def logits_of(network: onnx.ModelProto, samples: Sequence[Sample]) -> Iterator[NDArray[np.float32]]:
    """Run a network, one image at a time.

    Args:
        network: In any precision.
        samples: Images as the network gets them.

    Yields:
        (C, h, w) float32 for each image, without the cells that show padding.
    """
    session = Session(network, exact=True)
    for sample in samples:
        yield sample.seen(session.run(sample.input)[0][0])


def difference(
    truth: Sequence[NDArray[np.float32]], found: Iterable[NDArray[np.float32]]
) -> Difference:
    """Compare logits.

    Args:
        truth: (C, h, w) float32 each, of the float network.
        found: The same of another, one at a time.
    """
    classes = len(truth[0])
    before, after, kept = (np.zeros(classes, np.int64) for _ in range(3))
    error = power = 0.0
    same = []
    for first, second in zip(truth, found, strict=True):
        error += float(np.square(second - first, dtype=np.float64).sum())
        power += float(np.square(first, dtype=np.float64).sum())
        old, new = first.argmax(axis=0).ravel(), second.argmax(axis=0).ravel()
        same.append(float((old == new).mean()))
        before += np.bincount(old, minlength=classes)
        after += np.bincount(new, minlength=classes)
        kept += np.bincount(old[old == new], minlength=classes)
    relative = float(np.sqrt(error / power)) if power else float(error > 0)
    judged = np.flatnonzero(before >= FEWEST_CELLS).tolist()
    return Difference(
        relative,
        float(np.mean(same)),
        {one: float(kept[one] / before[one]) for one in judged},
        {one: float((after[one] - kept[one]) / before[one]) for one in judged},
        tuple(np.flatnonzero((before < FEWEST_CELLS) & (before + after > 0)).tolist()),
    )
