"""`segmentation export`: from a training run to an ONNX file, its sidecar and its card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    run: Annotated[Path, typer.Argument(help="Folder that `segmentation train` left.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .onnx file to write.")],
    left_out: Annotated[
        list[Path] | None,
        typer.Option(
            "--left-out",
            metavar="DIR",
            help="Folder of a --hold-out run, for the card; repeatable.",
        ),
    ] = None,
    remark: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A sentence for the card; repeatable."),
    ] = None,
) -> None:
    """Export trained weights to ONNX, with their sidecar, and a card of the run's scores."""
    from segmentation_node.bench.model_report import publish  # noqa: PLC0415

    for path in publish(run, output, left_out or [], remark or []):
        typer.echo(path)
