"""Fits the temperature that turns a network's softmax into frequencies.

Dividing the logits by one number changes no decision, and is enough to correct most of what
modern networks are too sure of: Guo et al., "On Calibration of Modern Neural Networks", 2017,
section 4.2. It is fitted once, on data that the network was not trained on, and kept in the
sidecar.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.metrics import ConfusionMatrix
from segmentation_node.core.postprocess import inside, upsample
from segmentation_node.core.reliability import Reliability
from segmentation_node.datasets import Dataset
from segmentation_node.errors import DatasetError, ModelError
from segmentation_node.fields import dump_yaml, read_yaml
from segmentation_node.files import write_whole
from segmentation_node.model.contract import TEMPERATURES
from segmentation_node.pipeline import Segmenter

Progress = Callable[[int, int], None]

IMAGES = 100
"""Images to fit on: one number needs no more."""

_THIRD = slice(1, None, 3)
"""Every third pixel along each axis: neighbours say the same."""

_PRECISION = 1e-3
"""Relative: three digits of a temperature are more than the data tell."""


@dataclass(frozen=True, eq=False)
class LabelledLogits:
    """Pixels whose class is known, at camera size.

    Args:
        logits: (C, n) float32.
        channels: (n,) int64, the true class's channel.
    """

    logits: NDArray[np.float32]
    channels: NDArray[np.int64]

    def negative_log_likelihood(self, temperature: float) -> float:
        """Mean over the pixels of -log softmax(logits / temperature) of the true class."""
        scaled = self._below_best() / np.float32(temperature)
        sums = np.log(np.exp(scaled).sum(axis=0))
        return float((sums - self._of_truth(scaled)).mean())

    def calibration_error(self, temperature: float) -> float:
        """The expected calibration error, 0 to 1, of the winners' softmax at a temperature."""
        shares = np.exp(self._below_best() / np.float32(temperature)).sum(axis=0)
        reliability = Reliability()
        reliability.update(1 / shares, self.logits.argmax(axis=0) == self.channels)
        return reliability.error

    def best_temperature(self) -> float:
        """The temperature with the least negative log likelihood, to three digits.

        In the inverse of the temperature that is a convex function, so its slope is zero once: the
        logarithm of the inverse is bisected.
        """
        below = self._below_best()
        low, high = (-math.log(limit) for limit in reversed(TEMPERATURES))
        while high - low > _PRECISION:
            middle = (low + high) / 2
            if self._slope(below, math.exp(middle)) < 0:
                low = middle
            else:
                high = middle
        return math.exp(-(low + high) / 2)

    def _slope(self, below: NDArray[np.float32], inverse: float) -> float:
        """Derivative of the mean negative log likelihood by the inverse temperature."""
        weights = np.exp(below * np.float32(inverse))
        expected = (weights * below).sum(axis=0) / weights.sum(axis=0)
        return float((expected - self._of_truth(below)).mean(dtype=np.float64))

    def _below_best(self) -> NDArray[np.float32]:
        # Exponents of at most zero cannot overflow.
        below: NDArray[np.float32] = self.logits - self.logits.max(axis=0)
        return below

    def _of_truth(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        truth: NDArray[np.float32] = np.take_along_axis(values, self.channels[None], axis=0)[0]
        return truth


@dataclass(frozen=True)
class TemperatureFit:
    """What came of fitting a temperature.

    Args:
        temperature: The one to write into the sidecar.
        before: The sidecar's until now.
        nll_before: Mean negative log likelihood at the temperature before.
        nll_after: The same at the fitted one.
        ece_before: Expected calibration error at the temperature before, 0 to 1.
        ece_after: The same at the fitted one.
        images: How many images it was fitted on.
        pixels: How many pixels.
    """

    temperature: float
    before: float
    nll_before: float
    nll_after: float
    ece_before: float
    ece_after: float
    images: int
    pixels: int


def fit_temperature(
    segmenter: Segmenter, data: Dataset, images: int = IMAGES, progress: Progress | None = None
) -> TemperatureFit:
    """Fit the temperature of a network on labelled images.

    Args:
        segmenter: The network as it runs.
        data: Images that it was not trained on.
        images: How many of them, evenly spaced.
        progress: Called with the number of images done, and of all.

    Raises:
        DatasetError: The data has no pixel that counts, or a class that the network does not give.
    """
    some = data.spread(images)
    pixels = labelled_logits(segmenter, some, progress)
    temperature, before = pixels.best_temperature(), segmenter.model.temperature
    return TemperatureFit(
        temperature=temperature,
        before=before,
        nll_before=pixels.negative_log_likelihood(before),
        nll_after=pixels.negative_log_likelihood(temperature),
        ece_before=pixels.calibration_error(before),
        ece_after=pixels.calibration_error(temperature),
        images=len(some),
        pixels=len(pixels.channels),
    )


def labelled_logits(
    segmenter: Segmenter, data: Dataset, progress: Progress | None = None
) -> LabelledLogits:
    """Collect logits, interpolated to the size of the annotation, where the class is known.

    Args:
        segmenter: The network as it runs.
        data: Images with labels.
        progress: Called with the number of images done, and of all.

    Raises:
        DatasetError: The data has no pixel that counts, or a class that the network does not give.
    """
    classes = ConfusionMatrix.for_labels(data.labels, segmenter.model.labels)
    names = [label.name for label in segmenter.model.labels.classes]
    channel_of = np.array([names.index(name) for name in classes.names], np.int64)
    logits, channels = [], []
    for done, sample in enumerate(data.samples, start=1):
        image, labels = sample.read()
        found, fitted = segmenter.logits(image)
        true = classes.true_classes(labels[_THIRD, _THIRD])
        # What the network has not seen says nothing of how sure it is.
        counts = (true < classes.num_classes) & inside(fitted)[_THIRD, _THIRD]
        logits.append(upsample(found, fitted)[:, _THIRD, _THIRD][:, counts])
        channels.append(channel_of[true[counts]])
        if progress:
            progress(done, len(data))
    if not sum(map(len, channels)):
        raise _no_truth(data)
    return LabelledLogits(np.concatenate(logits, axis=1), np.concatenate(channels))


def _no_truth(data: Dataset) -> DatasetError:
    return DatasetError(
        received=f"no pixel with a class in {data.name}",
        expected="annotated images",
        fix="choose another split: the annotation of a benchmark's test set is not public",
    )


def write_temperature(model: Path, temperature: float) -> None:
    """Write a temperature into a model's sidecar, where engines of any kind find it.

    Args:
        model: The .onnx file; its sidecar is written anew, without comments that it may have.
        temperature: Rounded to three digits behind the point.

    Raises:
        ModelError: There is no sidecar, or it is none.
        OutputError: It cannot be written.
    """
    path = model.with_suffix(".yaml")
    content: Any = read_yaml(path, ModelError)
    if not isinstance(content, dict) or not isinstance(content.get("output"), dict):
        raise ModelError(
            received=f"{path.name} without the mapping output",
            expected="a model's sidecar",
            fix="correct it: docs/model_sidecar.md lists its keys",
        )
    content["output"]["temperature"] = round(temperature, 3)
    text = dump_yaml(content)
    write_whole(path, text.encode())
