"""`segmentation precision`: what a network loses and gains by each lower precision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentation_node.cli.options import (
    Engine,
    Exclude,
    Format,
    JsonFile,
    Limit,
    Sensitive,
    Size,
    Split,
    folders,
    most,
    results_folder,
    write_json,
)


def precision(
    *,
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data set.")],
    form: Format = "auto",
    split: Split = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[GROUP=]MODEL",
            help="Shipped name or path of a float32 ONNX; GROUP=MODEL: for a sequence, city or "
            "light of the data that it has not seen; repeatable.",
        ),
    ] = None,
    calibration: Annotated[
        list[Path] | None, folders("Folder of images to calibrate INT8 on")
    ] = None,
    calibration_limit: Annotated[
        int | None, most("Most images to calibrate on, spread over all of them.")
    ] = None,
    exclude: Exclude = None,
    sensitive: Sensitive = 0,
    engine: Engine = "auto",
    size: Size = None,
    limit: Limit = None,
    block: Annotated[
        int, typer.Option(metavar="N", help="Consecutive frames drawn together for intervals.")
    ] = 10,
    seed: Annotated[int, typer.Option(help="Of these draws.")] = 0,
    output: Annotated[
        Path | None,
        results_folder("Write figures (JSON), tables (Markdown), chart (PNG) and networks here."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Compare precisions of a network: size, scores, agreement with FP32 and latency.

    FP32, BF16 where the processor has it, FP16, INT8 weights, and INT8 by each way of calibrating,
    frame by frame in turns. A drop is only called one where it stands out of the noise.
    """
    from segmentation_node.quantize.packages import check_installed  # noqa: PLC0415

    check_installed()
    # Imported here: onnx and the runtime take a second, and `--help` should not wait for them.
    from segmentation_node.bench.precision.bootstrap import Resampling  # noqa: PLC0415
    from segmentation_node.bench.precision.run import Wanted, compare  # noqa: PLC0415
    from segmentation_node.bench.precision.table import tables  # noqa: PLC0415
    from segmentation_node.cli.scores import print_tables  # noqa: PLC0415
    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.core.geometry import NetworkSize  # noqa: PLC0415
    from segmentation_node.datasets import checked_dataset  # noqa: PLC0415

    wanted = Wanted(
        data=checked_dataset(form, data, split, limit),
        models=tuple(model or ["camvid"]),
        calibration=tuple(calibration or ()),
        engine=engine,
        size=None if size is None else NetworkSize.parse(size),
        exclude=tuple(exclude or ()),
        sensitive=sensitive,
        calibration_limit=calibration_limit,
        resampling=Resampling(block=block, seed=seed),
    )
    with step_bars() as bars:
        figures = compare(wanted, output, bars, lambda line: typer.echo(line, err=True))
    write_json(json_file, figures)
    print_tables(tables(figures))
