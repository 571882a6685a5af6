"""Quantises weights and activations: ranges, sensitive layers, Q/DQ nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from segmentation_node.engines.cache import model_sha256
from segmentation_node.model import Calibration
from segmentation_node.model.calibration import METHODS
from segmentation_node.quantize.cache import Conditions, MeasurementCache, Tensors
from segmentation_node.quantize.calibrate import AUTO, calibrate
from segmentation_node.quantize.coverage import Coverage
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.placement import Placement, place
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.sensitivity import (
    Comparison,
    Difference,
    LayerSensitivity,
    rank_layers,
)
from segmentation_node.quantize.source import Source

RANKING_IMAGES = 4

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Int8:
    """A network quantised in weights and activations.

    Args:
        network: The result.
        placement: Where it is quantised.
        ranking: Its layers, the most sensitive first, where they were ranked.
        calibration: How its ranges were measured.
        methods: What each method's network is beside the float one, where they were compared.
        warnings: What the user should know, as sentences.
    """

    network: onnx.ModelProto
    placement: Placement
    ranking: tuple[LayerSensitivity, ...]
    calibration: Calibration
    methods: Mapping[str, Difference]
    warnings: tuple[str, ...]


def quantize_int8(
    source: Source,
    images: ImageSet,
    coverage: Coverage,
    request: Request,
    progress: Progress,
    beside: Comparison,
) -> Int8:
    """Quantise a network's weights and activations.

    Args:
        source: The float network.
        images: What to calibrate on.
        coverage: The light of these images.
        request: Method, exceptions and the type of the rest.
        progress: Called with the name of a step, how much of it is done, and of all.
        beside: Compares networks with the float one; chooses among the methods for `auto`.

    Raises:
        SegmentationError: The network cannot be quantised, or an image cannot be read.
    """
    graph = Graph(source.network)
    measured = _Measurements(source, images, request, progress)
    placement = place(graph, request.exclude, quantize_last=request.quantize_last)
    methods: dict[str, Difference] = {}
    if measured.method == AUTO:
        for done, name in enumerate(METHODS, start=1):
            tried = insert(
                source.network, placement, measured.of(placement, name), half=request.is_half
            )
            methods[name] = beside.with_(tried)
            progress("methods", done, len(METHODS))
        measured.method = max(methods, key=lambda name: methods[name].mean_iou)
    ranking: list[LayerSensitivity] = []
    if request.sensitive:
        ranking = rank_layers(
            source.network,
            placement,
            measured.of(placement),
            list(source.samples(images.part(RANKING_IMAGES))),
            lambda done, total: progress("sensitivity", done, total),
        )
        worst = [one.layer for one in ranking[: request.sensitive]]
        kept = (*request.exclude, *worst)
        placement = place(graph, kept, quantize_last=request.quantize_last)
    network = insert(source.network, placement, measured.of(placement), half=request.is_half)
    calibration = measured.calibration(placement, coverage)
    warnings = tuple(measured.cache.warnings)
    return Int8(network, placement, tuple(ranking), calibration, methods, warnings)


class _Measurements:
    """What is known of a network's tensors over a set of images, measured once.

    Args:
        source: The float network.
        images: What to measure on.
        request: How to.
        progress: Called with the name of the step, how much of it is done, and of all.

    Attributes:
        method: Name of the method whose ranges are given.
    """

    def __init__(
        self, source: Source, images: ImageSet, request: Request, progress: Progress
    ) -> None:
        self._source = source
        self._images = images
        self._method = request.method
        self.method = request.method.name
        self._progress = progress
        self._conditions = self._measured_under()
        path = request.output.with_suffix(".calibration.json")
        self.cache = MeasurementCache(path, self._conditions)

    def of(self, placement: Placement, method: str | None = None) -> Tensors:
        """What is known of every tensor that a placement quantises."""
        found = self.cache.tensors(list(placement.pairs), self._measure)
        return {name: one.by(method or self.method) for name, one in found.items()}

    def calibration(self, placement: Placement, coverage: Coverage) -> Calibration:
        """What the sidecar says of them."""
        names = [path.name for path in self._images.paths]
        return Calibration(
            method=self.method,
            bins=self._method.bins,
            percentile=self._method.percentile,
            size=self._source.size,
            fit=self._source.model.input.fit,
            network_sha256=self._conditions.network_sha256,
            images=coverage.summary(names, self._conditions.images_sha256),
            ranges={name: one.range for name, one in self.of(placement).items()},
            float_layers=placement.float_layers,
        )

    def _measure(self, tensors: Sequence[str]) -> Tensors:
        return calibrate(
            self._source.network,
            tensors,
            self._inputs,
            len(self._images),
            self._source.size,
            self._method,
            lambda done, total: self._progress("calibration", done, total),
        )

    def _inputs(self) -> Iterator[NDArray[np.float32]]:
        return (sample.input for sample in self._source.samples(self._images))

    def _measured_under(self) -> Conditions:
        model = self._source.model
        return Conditions(
            network_sha256=model_sha256(model.path),
            images_sha256=self._images.sha256(),
            method=f"{self._method.bins} bins, percentile {self._method.percentile:g}",
            size=str(self._source.size),
            preprocessing=repr(model.input),
        )
