"""How much of a network's activations lies beyond the ranges that its INT8 version can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import load_model
from segmentation_node.quantize.activations import watch
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.network import read_network
from segmentation_node.quantize.source import Source

Ranges = Mapping[str, float]


def ranges_of(path: Path) -> Ranges:
    """The range of each quantised tensor of an INT8 network, by name, from its sidecar."""
    calibration = load_model(path).calibration
    return {} if calibration is None else calibration.ranges


def clipped(
    model: str, size: NetworkSize | None, ranges: Mapping[str, Ranges], images: Sequence[Path]
) -> dict[str, NDArray[np.int64]]:
    """Run the float network, and count values beyond the ranges of its INT8 versions.

    Args:
        model: The float network: shipped name or path.
        size: Network size; the model's default where None.
        ranges: Those of each version, by what to call it.
        images: What to run on.

    Returns:
        (2,) int64 by version: values beyond their tensor's range, and all values.

    Raises:
        SegmentationError: The network or an image cannot be read.
    """
    found = load_model(model)
    source = Source(found, size or found.default_size, read_network(found))
    counts = {version: np.zeros(2, np.int64) for version in ranges}

    def inputs() -> Iterator[NDArray[np.float32]]:
        return (sample.input for sample in source.samples(ImageSet(tuple(images))))

    tensors = list(dict.fromkeys(name for own in ranges.values() for name in own))
    for values in watch(source.network, tensors, inputs, source.size):
        for name, array in values.items():
            magnitudes = np.abs(array)
            for version, own in ranges.items():
                if name in own:
                    beyond = int(np.count_nonzero(magnitudes > own[name]))
                    counts[version] += np.array((beyond, array.size), np.int64)
    return counts
