"""`segmentation demo`: the real node on real topics, in pictures and figures."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from segmentation_node.cli.options import (
    Engine,
    JsonFile,
    Model,
    NetworkSizeOption,
    Precision,
    Seed,
    write_json,
)


def demo(
    *,
    source: Annotated[
        Path | None,
        typer.Option("--input", "-i", help="A folder of images, a video or a bag of yours."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder that everything is left in.")
    ] = Path("demo"),
    model: Model = "camvid",
    engine: Engine = "auto",
    precision: Precision = "auto",
    network_size: NetworkSizeOption = "default",
    topic: Annotated[str | None, typer.Option(help="Image topic, if the bag has several.")] = None,
    fps: Annotated[float, typer.Option(help="Rate of a folder of images, or of the drive.")] = 30.0,
    seconds: Annotated[float, typer.Option(help="Length of the rendered drive.")] = 10.0,
    size: Annotated[str, typer.Option(help="Size of the rendered drive.")] = "720x1280",
    condition: Annotated[
        str, typer.Option(help="Its light: day, dusk, night, rain or day_to_night.")
    ] = "day_to_night",
    seed: Seed = 7,
    json_file: JsonFile = None,
) -> None:
    """Run the node on a drive in real time and leave a video, pictures and figures.

    A drive is rendered into a bag (or `--input` is taken), replayed over ROS 2 from one process to
    the node in another, and the node's answers are recorded by a third, in a ROS domain of their
    own on this machine. `demo.json` holds what was sent, answered, skipped and lost, and how long
    it took.
    """
    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.config import PipelineConfig  # noqa: PLC0415
    from segmentation_node.demo.drive_spec import DriveSpec, parse_size  # noqa: PLC0415
    from segmentation_node.demo.programs import ProgramError  # noqa: PLC0415
    from segmentation_node.demo.run import run_demo  # noqa: PLC0415
    from segmentation_node.demo.settings import DemoSettings  # noqa: PLC0415

    settings = DemoSettings(
        output=output,
        source=source,
        drive=DriveSpec(seed, *parse_size(size), seconds, fps, condition),
        pipeline=PipelineConfig(
            model=model, engine=engine, precision=precision, network_size=network_size
        ),
        topic=topic,
        fps=fps,
    )
    # However this process is told to end, the three that it started are ended first.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with step_bars() as bars:
            figures = run_demo(settings, bars)
    except ProgramError as error:
        typer.echo(error.log, err=True)
        raise
    write_json(json_file, figures)
    _print(figures, output)


def _print(figures: Mapping[str, Any], output: Path) -> None:
    from segmentation_node.cli.screen import print_table  # noqa: PLC0415

    latency, stages = figures["latency_ms"], figures["stages_ms"]
    rows = {
        "frames": "{frames_sent} sent, {frames_answered} answered ({answered_share:.1%}), "
        "{frames_skipped} skipped, {frames_lost} lost".format(**figures),
        "latency": _milliseconds(latency),
        **{f"  {name}": _milliseconds(stages[name]) for name in SHOWN if name in stages},
        "score": _score(figures),
        "network": "{model} at {network_size}, {precision}".format(**figures),
        "engine": "{engine} on {device}".format(**figures),
        "left in": f"{output}/: demo.mp4, contact_sheet.png, latency.png, demo.json",
    }
    print_table(str(figures["input"]), rows)


SHOWN = ("preprocess", "inference", "postprocess", "publish")


def _milliseconds(percentiles: Mapping[str, float | None]) -> str:
    known = {name: value for name, value in percentiles.items() if value is not None}
    return ", ".join(f"{name} {value:.1f}" for name, value in known.items()) + " ms"


def _score(figures: Mapping[str, Any]) -> str:
    if figures["miou"] is None:
        return figures["score_note"] or "no true labels to compare with"
    shown = "{miou:.1%} mIoU, {pixel_accuracy:.1%} of pixels, {frames_scored} frames"
    return shown.format(**figures)
