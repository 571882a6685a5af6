"""Compares the precisions of a network, from its files to figures and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from segmentation_node.bench.output import drawing, networks_folder
from segmentation_node.bench.precision.bootstrap import Resampling
from segmentation_node.bench.precision.measure import Record, measure_all
from segmentation_node.bench.precision.networks import Network, Quantising, Say, network
from segmentation_node.bench.precision.opening import check_runs
from segmentation_node.bench.precision.provenance import setting, weights_mapping
from segmentation_node.bench.precision.scores import row
from segmentation_node.bench.precision.table import markdown
from segmentation_node.bench.precision.variants import Variant, variants
from segmentation_node.bench.precision.weights import Weights, weights_of
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.datasets import Dataset
from segmentation_node.errors import ConfigError
from segmentation_node.files import write_whole
from segmentation_node.model import load_model

Progress = Callable[[str, int, int], None]
Figures = dict[str, Any]

_CHART = "segmentation_node.bench.precision.chart"


@dataclass(frozen=True)
class Wanted:
    """What to compare on what.

    Args:
        data: What to score on.
        models: `MODEL` and `GROUP=MODEL`, see `weights_of`.
        calibration: Folders of images to calibrate on.
        engine: The runtime.
        size: Network size; the model's default where None.
        exclude: Layers that stay in float.
        sensitive: How many of the most sensitive layers stay in float.
        calibration_limit: Most images to calibrate on; all where None.
        resampling: How intervals are made.
    """

    data: Dataset
    models: tuple[str, ...]
    calibration: tuple[Path, ...]
    engine: str = "auto"
    size: NetworkSize | None = None
    exclude: tuple[str, ...] = ()
    sensitive: int = 0
    calibration_limit: int | None = None
    resampling: Resampling = field(default_factory=Resampling)

    def __post_init__(self) -> None:
        if not self.calibration:
            raise ConfigError(
                received="no images to calibrate INT8 on",
                expected="a folder of images in every light that the network will meet",
                fix="give --calibration DIR, with other images than those that are scored",
            )

    def quantising(self, weights: Weights) -> Quantising:
        """How the networks of some weights are made."""
        images = weights.calibration(self.calibration)
        return Quantising(images, self.exclude, self.sensitive, self.size, self.calibration_limit)


def compare(wanted: Wanted, output: Path | None, progress: Progress, say: Say) -> Figures:
    """Make all networks, run them over the data in turns, and write what was found.

    Args:
        wanted: What to compare on what.
        output: Folder for figures (JSON), tables (Markdown), chart (PNG) and the networks with
            what was measured for them, which the next run uses again; None leaves no files.
        progress: Called with the name of a step, how much of it is done, and of all.
        say: Called with each sentence that the user should read.

    Returns:
        All figures, a row for each precision, with what they depend on.

    Raises:
        SegmentationError: A file cannot be read or written, or something does not fit.
    """
    found = weights_of(wanted.models, wanted.data)
    can = check_runs([one.model for one in found], wanted.engine, wanted.size)
    draw = None if output is None else drawing(_CHART, "draw_chart")
    with networks_folder(output) as folder:
        figures = _measured(wanted, found, can, folder, progress, _once(say))
    if output is not None and draw is not None:
        write_whole(output / "precision.json", (json.dumps(figures, indent=1) + "\n").encode())
        write_whole(output / "precision.md", markdown(figures).encode())
        draw(output / "precision.png", figures)
    return figures


def seen_twice(calibration: Iterable[Path], data: Dataset) -> int:
    """How many images are both calibrated and scored on, which flatters INT8."""
    scored = {sample.image.resolve() for sample in data.samples}
    return sum(path.resolve() in scored for path in calibration)


def _once(say: Say) -> Say:
    """Each sentence once: three ways of calibrating have the same to say of the images."""
    said: set[str] = set()

    def say_once(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return say_once


def _measured(
    wanted: Wanted,
    found: tuple[Weights, ...],
    can: tuple[str, ...],
    folder: Path,
    progress: Progress,
    say: Say,
) -> Figures:
    all_of_them = variants(can)
    made = []
    for weights in found:
        at = folder / "-".join(weights.held_out)
        made.append((weights, _networks(weights, all_of_them, wanted, at, progress, say)))
    records = measure_all(made, wanted.data, wanted.engine, wanted.size, progress)
    return _figures(wanted, list(records.values()), [_described(*pair) for pair in made], can)


def _described(weights: Weights, networks: list[Network]) -> Figures:
    calibrated = next(one for one in networks if "calibration" in one.figures)
    return {**weights_mapping(weights), "calibration": calibrated.figures["calibration"]}


def _networks(
    weights: Weights,
    all_of_them: tuple[Variant, ...],
    wanted: Wanted,
    folder: Path,
    progress: Progress,
    say: Say,
) -> list[Network]:
    how, notice = wanted.quantising(weights), load_model(weights.model).notice
    if notice:
        say(f"{weights.model}: {notice}")
    if again := seen_twice(how.images, wanted.data.of_groups(weights.groups)):
        say(f"warning: {again} of the images to calibrate on are scored as well")
    return [network(weights.model, one, how, folder, progress, say) for one in all_of_them]


def _figures(
    wanted: Wanted, records: list[Record], weights: list[Figures], can: tuple[str, ...]
) -> Figures:
    reference, how = records[0], wanted.resampling
    return {
        "data": wanted.data.name,
        "frames": len(reference.frames),
        **setting(reference),
        "int8_rest": can[0],
        "exclude": list(wanted.exclude),
        "sensitive": wanted.sensitive,
        "resampling": asdict(how),
        "weights": weights,
        "rows": [row(record, reference, wanted.data, how) for record in records],
    }
