"""`segmentation temperature`: fits what turns a model's softmax into frequencies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from segmentation_node.cli.options import (
    Engine,
    Format,
    JsonFile,
    Precision,
    Size,
    Split,
    write_json,
)


def temperature(
    *,
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Path of an ONNX with its sidecar, or shipped.")
    ],
    data: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Data set of drives that the model has not learnt from."),
    ],
    form: Format = "auto",
    split: Split = None,
    engine: Engine = "auto",
    precision: Precision = "fp32",
    size: Size = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Fit on N evenly spaced images.")
    ] = 100,
    write: Annotated[
        bool, typer.Option("--write", help="Write it into the model's sidecar.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Fit the temperature at which a model's confidence is how often it is right.

    No label changes. Fit it on drives that the model has not learnt from: on those that it has
    it is too sure of itself.
    """
    # Imported here: OpenCV and the runtime take a second, and `--help` should not wait for them.
    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.datasets import checked_dataset  # noqa: PLC0415
    from segmentation_node.model import load_model  # noqa: PLC0415
    from segmentation_node.pipeline import Segmenter  # noqa: PLC0415
    from segmentation_node.training.temperature import (  # noqa: PLC0415
        fit_temperature,
        write_temperature,
    )

    samples = checked_dataset(form, data, split)
    opened = Segmenter.load(model, engine=engine, precision=precision, network_size=size)
    with opened as segmenter, step_bars() as bars:
        fit = fit_temperature(segmenter, samples, limit, lambda *at: bars("fitting", *at))
    write_json(json_file, asdict(fit))
    typer.echo(f"{fit.images} images, {fit.pixels} pixels of {samples.name}")
    typer.echo(f"temperature:        {fit.before:.3f} before, {fit.temperature:.3f} fitted")
    typer.echo(f"neg. log likelihood: {fit.nll_before:.4f} before, {fit.nll_after:.4f} fitted")
    typer.echo(f"calibration error:  {fit.ece_before:.4f} before, {fit.ece_after:.4f} fitted")
    if write:
        # The sidecar that holds for its converted networks too.
        path = load_model(model).path
        write_temperature(path, fit.temperature)
        typer.echo(f"written into {path.with_suffix('.yaml')}")
