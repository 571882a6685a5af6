"""`segmentation render`: a drive with exact labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentation_node.cli.options import Seed


def render(
    output: Annotated[
        Path, typer.Argument(help="A bag (.mcap, .db3), a video (.mp4), or a folder of images.")
    ],
    *,
    seconds: Annotated[float, typer.Option(help="Length in seconds.")] = 10.0,
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 30.0,
    size: Annotated[str, typer.Option(help="Height x width in pixels.")] = "720x1280",
    condition: Annotated[
        str, typer.Option(help="day, dusk, night, rain or day_to_night.")
    ] = "day_to_night",
    seed: Seed = 7,
) -> None:
    """Render a drive with exact labels to a bag, a video or a folder of images.

    A bag holds JPEG frames on `/camera/image_raw/compressed` and the class of every pixel on
    `/camera/labels/compressed`; a folder holds `images/` and `labels/`.
    """
    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.demo.drive_spec import DriveSpec, parse_size  # noqa: PLC0415
    from segmentation_node.demo.rendering import render as render_drive  # noqa: PLC0415

    height, width = parse_size(size)
    spec = DriveSpec(seed, height, width, seconds, fps, condition)
    with step_bars() as bars:
        render_drive(spec, output, lambda done, total: bars("render", done, total))
    typer.echo(str(output))
