"""`segmentation run`: every frame of an input, offline."""

from __future__ import annotations

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
    write_json,
)


def run(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="An image, a folder, a video or a bag.")
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to: a place of the same kind.")
    ],
    model: Model = "camvid",
    engine: Engine = "auto",
    precision: Precision = "auto",
    network_size: NetworkSizeOption = "default",
    topic: Annotated[str | None, typer.Option(help="Image topic, if the bag has several.")] = None,
    overlay: Annotated[bool, typer.Option(help="Blend the colours over the image.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Segment every frame of an image, a folder, a video or a bag to the same kind.

    Labels are written as PNG with a class id per pixel, with a coloured picture beside them. A bag
    keeps its other topics as they are. Needs no ROS.
    """
    from segmentation_node.cli.screen import print_table, step_bars  # noqa: PLC0415
    from segmentation_node.offline.job import Request  # noqa: PLC0415
    from segmentation_node.offline.run import check  # noqa: PLC0415
    from segmentation_node.offline.run import run as run_offline  # noqa: PLC0415
    from segmentation_node.pipeline import Segmenter  # noqa: PLC0415

    request = Request(source, output, topic, overlay)
    check(request)
    with (
        Segmenter.load(
            model, engine=engine, precision=precision, network_size=network_size
        ) as segmenter,
        step_bars() as bars,
    ):
        figures = run_offline(request, segmenter, lambda done, total: bars("frames", done, total))
        figures |= {
            "output": str(output),
            "model": segmenter.model.name,
            "engine": segmenter.engine_name,
            "precision": segmenter.precision,
            "device": segmenter.device,
            "network_size": str(segmenter.network_size),
        }
    write_json(json_file, figures)
    print_table(str(output), _rows(figures))


def _rows(figures: Mapping[str, Any]) -> dict[str, str]:
    total = figures["stages_ms"].get("total", {})
    return {
        "frames": str(figures["frames"]),
        "frames per second": f"{figures['frames_per_s']:.1f} (reading and writing included)",
        "time per frame": f"{total.get('p50_ms', 0):.1f} ms p50, {total.get('p95_ms', 0):.1f} p95",
        "network": f"{figures['model']} at {figures['network_size']}, {figures['precision']}",
        "engine": f"{figures['engine']} on {figures['device']}",
    }
