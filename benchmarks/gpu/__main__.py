"""Times the pipeline on a GPU, prints tables, and writes figures and tables to files."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.check import check_gpu
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import SegmentationError
from segmentation_node.files import write_json, write_whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; without a GPU say in one sentence what is missing."""
    options = _parser().parse_args(arguments)
    try:
        check_gpu(*("torch", "onnx", "rich"))
        figures = _measure(options)
    except SegmentationError as error:
        print(error, file=sys.stderr)
        return 2
    _show(figures, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    parser.add_argument("--model", default="camvid")
    parser.add_argument("--network-size", type=NetworkSize.parse, help="HEIGHTxWIDTH")
    parser.add_argument("--camera", type=NetworkSize.parse, default=NetworkSize(720, 1280))
    parser.add_argument("--engine", choices=("auto", "tensorrt", "torch"), default="auto")
    parser.add_argument("--precision", choices=("auto", "fp32", "fp16", "int8"), default="auto")
    parser.add_argument("--mapped", action="store_true", help="no copies: integrated GPUs")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--output", type=Path, help="folder for gpu.json and gpu.md")
    return parser


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.gpu.measure import Plan  # noqa: PLC0415 - needs torch
    from benchmarks.gpu.run import Settings, run  # noqa: PLC0415

    engine = options.engine
    if engine == "auto":
        engine = "torch" if importlib.util.find_spec("tensorrt") is None else "tensorrt"
    plan = Plan(options.camera, options.frames)
    settings = Settings(
        options.model, options.network_size, engine, options.precision, options.mapped, plan
    )
    return run(settings, lambda what: print(f"measuring {what}", file=sys.stderr))


def _show(figures: dict[str, Any], output: Path | None) -> None:
    from rich.console import Console  # noqa: PLC0415 - not needed to say that there is no GPU
    from rich.table import Table as RichTable  # noqa: PLC0415

    from benchmarks.gpu.table import about, markdown, tables  # noqa: PLC0415

    # A file or a pipe has no width of its own.
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(about(figures))
    for table in tables(figures):
        drawn = RichTable(*table.head, title=table.title, title_justify="left")
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn)
    if output is not None:
        write_json(output / "gpu.json", figures)
        write_whole(output / "gpu.md", markdown(figures).encode())


if __name__ == "__main__":
    raise SystemExit(main())
