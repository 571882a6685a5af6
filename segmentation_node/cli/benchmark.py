"""`segmentation benchmark`: latency, throughput, size, memory, score and energy of networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentation_node.cli.options import (
    Format,
    JsonFile,
    Limit,
    Split,
    folders,
    most,
    results_folder,
    write_json,
)


def benchmark(
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Shipped name or path of an ONNX; repeatable."),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="auto, openvino or tensorrt; repeatable."),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="auto, fp32, bf16, fp16 or int8; repeatable. Default: fp32 and auto.",
        ),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(
            "--size",
            "--network-size",
            metavar="HxW",
            help="As 256x512; repeatable. Default: the model's.",
        ),
    ] = None,
    camera: Annotated[str, typer.Option(metavar="HxW", help="Camera images.")] = "720x1280",
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Camera images; default: rendered.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Frames of each configuration, at least.")] = 300,
    rounds: Annotated[int, typer.Option(help="Turns of each configuration.")] = 10,
    warm_up: Annotated[int, typer.Option(help="Frames of each before the first round.")] = 20,
    turn: Annotated[float, typer.Option(metavar="S", help="Least seconds of a turn.")] = 1.0,
    idle: Annotated[float, typer.Option(metavar="S", help="Seconds of idle power.")] = 5.0,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data set to score each on as well.")
    ] = None,
    form: Format = "auto",
    split: Split = None,
    limit: Limit = None,
    optimisations: Annotated[
        bool,
        typer.Option(
            "--optimisations", help="Also folding, fusion and each precision: size and time."
        ),
    ] = False,
    calibration: Annotated[
        list[Path] | None, folders("Images to calibrate INT8 of these on")
    ] = None,
    calibration_limit: Annotated[int | None, most("Most images to calibrate on.")] = None,
    name: Annotated[str, typer.Option(help="What to call this machine in reports.")] = "",
    output: Annotated[
        Path | None, results_folder("Write benchmark.json, benchmark.md and charts (PNG) here.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Measure networks in turns: latency by stage, throughput, size, memory, score and energy.

    What fails is a row with its error. `segmentation report` puts machines side by side.
    """
    from segmentation_node.quantize.packages import check_installed  # noqa: PLC0415

    if optimisations:
        check_installed()
    # Imported here: OpenCV and the runtime take a second, and `--help` should not wait for them.
    from segmentation_node.bench.benchmark.configuration import configurations  # noqa: PLC0415
    from segmentation_node.bench.benchmark.optimising import Optimising  # noqa: PLC0415
    from segmentation_node.bench.benchmark.plan import Plan  # noqa: PLC0415
    from segmentation_node.bench.benchmark.run import Wanted  # noqa: PLC0415
    from segmentation_node.bench.benchmark.run import benchmark as measure  # noqa: PLC0415
    from segmentation_node.bench.benchmark.table import about, tables  # noqa: PLC0415
    from segmentation_node.bench.output import make_folder  # noqa: PLC0415
    from segmentation_node.cli.scores import print_tables  # noqa: PLC0415
    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.core.geometry import NetworkSize  # noqa: PLC0415
    from segmentation_node.datasets import checked_dataset  # noqa: PLC0415

    sizes: list[NetworkSize | None] = [NetworkSize.parse(one) for one in size or ()]
    rows = configurations(
        model or ["camvid"], engine or ["auto"], precision or ["fp32", "auto"], sizes or [None]
    )
    networks = tuple(dict.fromkeys((row.model, row.size) for row in rows))
    wanted = Wanted(
        configurations=rows,
        plan=Plan(
            camera=NetworkSize.parse(camera),
            images=images,
            frames=frames,
            rounds=rounds,
            warm_up=warm_up,
            turn_s=turn,
            idle_s=idle,
        ),
        name=name,
        data=None if data is None else checked_dataset(form, data, split, limit),
        optimising=Optimising(networks, tuple(calibration or ()), calibration_limit)
        if optimisations
        else None,
    )
    if json_file is not None:
        make_folder(json_file.parent, "--json")
    with step_bars() as bars:
        figures = measure(wanted, output, bars, lambda line: typer.echo(line, err=True))
    # First: whoever reads the tables may look away, and end this program.
    write_json(json_file, figures)
    typer.echo(about(figures))
    print_tables(tables(figures))
    if not any(row["latency_ms"] for row in figures["rows"]):
        raise typer.Exit(1)
