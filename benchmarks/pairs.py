"""What the programs share that time two things in pairs: command line, engine, and how they end."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import PRECISIONS, CpuEngine, open_engine
from segmentation_node.errors import SegmentationError
from segmentation_node.files import write_json
from segmentation_node.model import Model


@dataclass(frozen=True)
class Defaults:
    """What a program takes where nothing is given.

    Args:
        model: Shipped name of the network.
        frames: How many different frames.
        pairs: How often each of the two things is timed.
    """

    model: str
    frames: int
    pairs: int


def measure_pairs(
    about: str | None,
    defaults: Defaults,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    arguments: Sequence[str] | None,
) -> dict[str, Any]:
    """Parse a command line, measure, and write the figures where a file is asked for.

    An error of ours ends the process with its sentence and the exit status 2.

    Args:
        about: What the program says of itself.
        defaults: What it takes where nothing is given.
        measure: Gives the figures for the options.
        arguments: The command line; that of the process where None.
    """
    parser = _parser(about, defaults)
    options = parser.parse_args(arguments)
    try:
        result = measure(options)
        if options.json:
            write_json(options.json, result)
    except SegmentationError as error:
        parser.exit(2, f"{error}\n")
    return result


def cpu_engine(model: Model, options: argparse.Namespace) -> CpuEngine:
    """Open a network on the processor as the options say.

    Raises:
        SegmentationError: It cannot be opened so.
    """
    return open_engine(
        model, engine="openvino", precision=options.precision, size=options.network_size
    )


def _parser(about: str | None, defaults: Defaults) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--images", type=Path, help="folder of images; rendered where left out")
    parser.add_argument("--model", default=defaults.model)
    parser.add_argument("--network-size", type=NetworkSize.parse, default=NetworkSize(512, 1024))
    parser.add_argument("--camera", type=NetworkSize.parse, default=NetworkSize(720, 1280))
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--frames", type=int, default=defaults.frames, help="different frames")
    parser.add_argument("--pairs", type=int, default=defaults.pairs, help="how often each is timed")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    return parser
