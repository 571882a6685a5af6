"""Ranks layers by what quantising each of them alone does to the logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """

    logits_error: float
    label_agreement: float
    kept: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class LayerSensitivity:
    """What quantising one layer alone does.

    Args:
        layer: The node's name.
        difference: Of the logits from those of the float network.
    """

    layer: str
    difference: Difference


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
    truth = logits_of(network, samples)
    ranking = []
    for done, layer in enumerate(placement.layers, start=1):
        quantised = insert(network, place_one(graph, layer), tensors)
        ranking.append(LayerSensitivity(layer, difference(truth, logits_of(quantised, samples))))
        if progress:
            progress(done, len(placement.layers))
    return sorted(ranking, key=lambda one: one.difference.logits_error, reverse=True)


def logits_of(network: onnx.ModelProto, samples: Sequence[Sample]) -> list[NDArray[np.float32]]:
    """Run a network.

    Args:
        network: In any precision.
        samples: Images as the network gets them.

    Returns:
        (C, h, w) float32 for each image, without the cells that show padding.
    """
    session = Session(network, exact=True)
    return [sample.seen(session.run(sample.input)[0][0]) for sample in samples]


def difference(
    truth: Sequence[NDArray[np.float32]], found: Sequence[NDArray[np.float32]]
) -> Difference:
    """Compare logits.

    Args:
        truth: (C, h, w) float32 each, of the float network.
        found: The same of another.
    """
    pairs = list(zip(truth, found, strict=True))
    error = sum(float(np.square(b - a, dtype=np.float64).sum()) for a, b in pairs)
    power = sum(float(np.square(a, dtype=np.float64).sum()) for a, _ in pairs)
    same = [float((a.argmax(axis=0) == b.argmax(axis=0)).mean()) for a, b in pairs]
    relative = float(np.sqrt(error / power)) if power else float(error > 0)
    return Difference(relative, float(np.mean(same)), _kept(pairs))


def _kept(pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> dict[int, float]:
    classes = len(pairs[0][0])
    all_cells, kept_cells = np.zeros(classes, np.int64), np.zeros(classes, np.int64)
    for truth, found in pairs:
        before = truth.argmax(axis=0)
        same = before == found.argmax(axis=0)
        all_cells += np.bincount(before.ravel(), minlength=classes)
        kept_cells += np.bincount(before[same], minlength=classes)
    judged = np.flatnonzero(all_cells >= FEWEST_CELLS).tolist()
    return {one: float(kept_cells[one] / all_cells[one]) for one in judged}
