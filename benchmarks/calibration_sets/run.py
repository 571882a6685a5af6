"""Calibrates a network on images in one light, another and both, and scores each in each light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration_sets.clipped import clipped, ranges_of
from benchmarks.calibration_sets.lights import Lights
from segmentation_node.bench.precision.bootstrap import Resampling
from segmentation_node.bench.precision.measure import Record, measure_all
from segmentation_node.bench.precision.networks import Network, Quantising, Say, network
from segmentation_node.bench.precision.opening import check_runs
from segmentation_node.bench.precision.provenance import setting, weights_mapping
from segmentation_node.bench.precision.scores import scores
from segmentation_node.bench.precision.variants import REFERENCE, Variant
from segmentation_node.bench.precision.weights import Weights, split_group, weights_of
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.quantize.int8 import Progress

CLIPPED_IMAGES = 8
"""Images of each drive or condition on which values beyond the ranges are counted."""

Figures = dict[str, Any]
Sets = Mapping[str, tuple[Path, ...]]
Made = Sequence[tuple[Weights, Sequence[Network]]]


@dataclass(frozen=True)
class Experiment:
    """What to try.

    Args:
        lights: The data.
        models: `MODEL` and `GROUP=MODEL`; groups that the data does not have are left out.
        method: How ranges are chosen.
        engine: The runtime.
        size: Network size; the model's default where None.
        images: Most images to calibrate on.
        resampling: How intervals are made.
    """

    lights: Lights
    models: tuple[str, ...]
    method: str = "entropy"
    engine: str = "auto"
    size: NetworkSize | None = None
    images: int = 60
    resampling: Resampling = field(default_factory=Resampling)

    @property
    def weights(self) -> tuple[Weights, ...]:
        """The models with their groups."""
        groups = {"", *self.lights.scored.groups}
        models = [text for text in self.models if split_group(text)[0] in groups]
        return weights_of(models, self.lights.scored)

    def run(self, folder: Path, progress: Progress, say: Say) -> Figures:
        """Calibrate and score.

        Args:
            folder: For the networks, and what was measured for them, which is used again.
            progress: Called with the name of a step, how much of it is done, and of all.
            say: Called with each sentence that the user should read.

        Returns:
            For each calibration set and light: scores, drop against FP32, agreement with it, and
            the share of activations beyond the ranges; with what all that depends on.

        Raises:
            SegmentationError: The data or a network cannot be read, or does not fit.
        """
        found, sets = self.weights, self.lights.sets(self.images)
        can = check_runs([one.model for one in found], self.engine, self.size)
        made = []
        for weights in found:
            at = folder / "-".join(weights.held_out)
            made.append((weights, self._networks(weights, sets, at, progress, say)))
        records = measure_all(made, self.lights.scored, self.engine, self.size, progress)
        return {
            "calibrated_from": self.lights.calibration.name,
            "scored_on": self.lights.scored.name,
            **setting(records[REFERENCE.name]),
            "int8_rest": can[0],
            "method": self.method,
            "resampling": asdict(self.resampling),
            "weights": [weights_mapping(weights) for weights in found],
            "rows": self._rows(made, records),
        }

    def _networks(
        self, weights: Weights, sets: Sets, folder: Path, progress: Progress, say: Say
    ) -> list[Network]:
        """The float network, and one calibrated on each set, whichever drives it has seen."""
        hows = {REFERENCE: Quantising()}
        for name, images in sets.items():
            hows[Variant(name, "int8", self.method)] = Quantising(images, size=self.size)
        return [
            network(weights.model, variant, how, folder, progress, say)
            for variant, how in hows.items()
        ]

    def _rows(self, made: Made, records: Mapping[str, Record]) -> list[Figures]:
        beyond = {light: self._beyond(own, made) for light, own in self.lights.groups.items()}
        return [
            {
                "calibrated_on": one.variant.name,
                "calibration": one.figures.get("calibration"),
                "precision": records[one.variant.name].networks[0]["precision"],
                "lights": {
                    light: {
                        **self._scores(groups, records, one.variant.name),
                        "beyond": beyond[light].get(one.variant.name),
                    }
                    for light, groups in self.lights.groups.items()
                },
            }
            for one in made[0][1]
        ]

    def _scores(
        self, groups: Sequence[str], records: Mapping[str, Record], name: str
    ) -> dict[str, Any]:
        own, reference = (
            [frame for frame in records[which].frames if frame.group in groups]
            for which in (name, REFERENCE.name)
        )
        return scores(own, reference, self.lights.scored, self.resampling)

    def _beyond(self, groups: Sequence[str], made: Made) -> dict[str, float]:
        """The share of activations beyond the ranges in one light, by calibration set."""
        counts: dict[str, NDArray[np.int64]] = {}
        for weights, networks in made:
            ranges = {one.variant.name: ranges_of(one.path) for one in networks[1:]}
            for group in sorted(set(groups) & set(weights.groups)):
                part = self.lights.scored.of_groups([group]).spread(CLIPPED_IMAGES)
                images = [sample.image for sample in part.samples]
                for name, pair in clipped(weights.model, self.size, ranges, images).items():
                    counts[name] = counts.get(name, np.zeros(2, np.int64)) + pair
        return {name: float(pair[0] / pair[1]) for name, pair in counts.items()}
