"""`segmentation evaluate`: the score of a model on a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from segmentation_node.cli.options import Engine, JsonFile, Model, Precision, write_json


def evaluate(
    *,
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder that holds train/ and val/.")],
    form: Annotated[str, typer.Option("--format", help="camvid or rendered.")] = "camvid",
    split: Annotated[str, typer.Option(help="train or val.")] = "val",
    model: Model = "camvid",
    engine: Engine = "auto",
    precision: Precision = "auto",
    size: Annotated[
        str | None,
        typer.Option("--size", "--network-size", help="Height x width, as 384x480."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Score a model on a data set through the package's own pipeline."""
    # Imported here: OpenCV and the runtime take a second, and `--help` should not wait for them.
    from segmentation_node.bench.accuracy import evaluate as score_of  # noqa: PLC0415
    from segmentation_node.cli.scores import print_classes, print_scores  # noqa: PLC0415
    from segmentation_node.pipeline import Segmenter  # noqa: PLC0415
    from segmentation_node.training.datasets import dataset  # noqa: PLC0415

    samples = dataset(form, data, split)
    with (
        Segmenter.load(model, engine=engine, precision=precision, network_size=size) as segmenter,
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("scoring", total=len(samples))
        score = score_of(segmenter, samples, lambda done, _: bar.update(task, completed=done))
    print_scores([score])
    print_classes(score)
    write_json(json_file, score)
