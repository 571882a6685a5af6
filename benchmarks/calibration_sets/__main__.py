"""The day and dusk experiment: `python -m benchmarks.calibration_sets`.

INT8 ranges are measured on images by day, at dusk (CamVid) or by night (rendered scenes), and on
both half and half; each network is then scored in both lights. docs/quantization.md tells more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.calibration_sets.lights import (
    Lights,
    camvid_lights,
    rendered_lights,
)
from benchmarks.calibration_sets.run import Experiment
from benchmarks.calibration_sets.table import markdown
from segmentation_node.bench.precision.bootstrap import DEFAULT_BLOCK, Resampling
from segmentation_node.bench.precision.weights import split_group
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError, SegmentationError
from segmentation_node.files import write_whole
from segmentation_node.model.calibration import METHODS
from segmentation_node.quantize.packages import check_installed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment, print its tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--camvid", type=Path, help="CamVid: day and dusk")
    parser.add_argument("--rendered", type=Path, help="rendered scenes: day and night")
    parser.add_argument(
        "--model",
        action="append",
        help="shipped name or path; GROUP=MODEL for a sequence or light that it has not seen; "
        "repeatable",
    )
    parser.add_argument("--method", choices=METHODS, default="entropy")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--size", type=NetworkSize.parse, help="height x width")
    parser.add_argument("--images", type=int, default=60, help="most images of a calibration set")
    parser.add_argument("--frames", type=int, help="most frames to score on, of each data set")
    parser.add_argument("--block", type=int, default=DEFAULT_BLOCK, help="frames drawn together")
    parser.add_argument("--output", "-o", type=Path, required=True, help="folder for the results")
    try:
        _run(parser.parse_args(arguments))
    except SegmentationError as error:
        parser.exit(2, f"{error}\n")
    return 0


def _run(options: argparse.Namespace) -> None:
    check_installed()
    found = []
    for name, experiment in _experiments(options).items():
        say = partial(print, f"{name}:", file=sys.stderr)
        found.append(experiment.run(options.output / "networks" / name, _without_bars, say))
    text = markdown(found)
    figures = json.dumps({"experiments": found}, indent=1) + "\n"
    write_whole(options.output / "calibration_sets.json", figures.encode())
    write_whole(options.output / "calibration_sets.md", text.encode())
    print(text)


def _experiments(options: argparse.Namespace) -> dict[str, Experiment]:
    lights = _lights(options)
    models = tuple(options.model or ["camvid"])
    _check_groups(models, [group for one in lights.values() for group in one.scored.groups])
    resampling = Resampling(block=options.block)
    common = (models, options.method, options.engine, options.size, options.images, resampling)
    return {name: Experiment(one, *common) for name, one in lights.items()}


def _lights(options: argparse.Namespace) -> dict[str, Lights]:
    readers = {"camvid": camvid_lights, "rendered": rendered_lights}
    roots = {name: getattr(options, name) for name in readers}
    found = {name: readers[name](root) for name, root in roots.items() if root is not None}
    if not found:
        raise ConfigError("no data", "CamVid or rendered scenes", "give --camvid or --rendered")
    if options.frames is None:
        return found
    return {
        name: replace(one, scored=one.scored.spread(options.frames)) for name, one in found.items()
    }


def _check_groups(models: Sequence[str], groups: Sequence[str]) -> None:
    for text in models:
        group, _ = split_group(text)
        if group and group not in groups:
            raise ConfigError(f"a model for {group!r}", "one of " + ", ".join(groups), "choose one")


def _without_bars(step: str, done: int, total: int) -> None:
    """What the steps say is enough for a script."""


if __name__ == "__main__":
    raise SystemExit(main())
