"""Measures the range of every tensor that is to be quantised, over a set of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError, ModelError, meant
from segmentation_node.model.calibration import METHODS
from segmentation_node.quantize.activations import Images, Progress, groups, watch
from segmentation_node.quantize.histogram import DEFAULT_BINS, MagnitudeHistogram
from segmentation_node.quantize.measured import Measured
from segmentation_node.quantize.thresholds import (
    DEFAULT_PERCENTILE,
    entropy_threshold,
    percentile_threshold,
)

AUTO = "auto"


@dataclass(frozen=True)
class Method:
    """How a tensor's range is chosen from its values.

    Args:
        name: `entropy`: least Kullback-Leibler divergence; `percentile`: a share of the values;
            `minmax`: the largest magnitude; `auto`: the one whose network agrees with float most.
        bins: Bins of the histograms, a power of two from 2048.
        percentile: Per cent of the values within the range, for `percentile`.
    """

    name: str = AUTO
    bins: int = DEFAULT_BINS
    percentile: float = DEFAULT_PERCENTILE

    def __post_init__(self) -> None:
        if self.name not in {AUTO, *METHODS}:
            known = (AUTO, *METHODS)
            raise ConfigError(
                f"the method {self.name!r}", "one of " + ", ".join(known), meant(self.name, known)
            )
        if not 50 < self.percentile <= 100:
            raise ConfigError(
                received=f"the percentile {self.percentile}",
                expected="above 50, up to 100 per cent",
                fix=f"ask for {DEFAULT_PERCENTILE}",
            )
        MagnitudeHistogram(self.bins)

    def ranges(self, histogram: MagnitudeHistogram) -> dict[str, float]:
        """The range of a tensor by each method, in its own unit."""
        return {
            "percentile": percentile_threshold(histogram, self.percentile),
            "minmax": histogram.largest,
            "entropy": entropy_threshold(histogram),
        }


def calibrate(
    network: onnx.ModelProto,
    tensors: Sequence[str],
    images: Callable[[], Images],
    count: int,
    size: NetworkSize,
    method: Method,
    progress: Progress | None = None,
) -> dict[str, Measured]:
    """Measure tensors, one image at a time.

    Args:
        network: In float32.
        tensors: Names of the tensors.
        images: Called once for each pass; gives the network's inputs, (1, 3, h, w) float32.
        count: Number of images.
        size: Size of the network's input.
        method: How a range is chosen.
        progress: Called with the number of runs done, and of all.

    Returns:
        The range and the channels' means of each tensor, by name.

    Raises:
        ModelError: An activation is infinite or no number.
    """
    meters = {name: _Meter(method) for name in tensors}
    total = count * len(groups(network, tensors, size))
    for done, values in enumerate(watch(network, tensors, images, size), start=1):
        for name, array in values.items():
            with _naming(name):
                meters[name].update(array)
        if progress:
            progress(done, total)
    return {name: meter.measured() for name, meter in meters.items()}


class _Meter:
    """Keeps what is to be known of one tensor.

    Args:
        method: How its range will be chosen.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        self._histogram = MagnitudeHistogram(method.bins)
        self._means: NDArray[np.float64] | None = None
        self._images = 0

    def update(self, values: NDArray[np.float32]) -> None:
        """Take in the tensor of one image, (1, C, h, w) float32."""
        self._histogram.update(values)
        means = values.mean(axis=(0, *range(2, values.ndim)), dtype=np.float64)
        self._images += 1
        # A running mean: images count alike, whatever their size.
        before = 0.0 if self._means is None else self._means
        self._means = np.asarray(before + (means - before) / self._images, np.float64)

    def measured(self) -> Measured:
        """What is known of the tensor."""
        ranges = self._method.ranges(self._histogram)
        # For `auto` until the networks have been compared.
        chosen = ranges.get(self._method.name, ranges["percentile"])
        means = () if self._means is None else tuple(self._means.tolist())
        return Measured(chosen, means, ranges)


@contextmanager
def _naming(tensor: str) -> Iterator[None]:
    """Say in an error which tensor it is about."""
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{error.received} in {tensor}", error.expected, error.fix) from error
