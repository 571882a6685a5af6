"""`segmentation run`: every frame of an input, offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from segmentation_node.cli.options import (
    ClassMap,
    Engine,
    JsonFile,
    Model,
    NetworkSizeOption,
    OutputSize,
    Precision,
    Roi,
    write_json,
)
from segmentation_node.errors import ConfigError

_LONGEST_TABLE = 40
"""Bags; of more, those alone are listed that one should look at."""


def run(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT...", help="An image, folder or video; bags or their folder."),
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to: a place of the same kind.")
    ],
    model: Model = "camvid",
    engine: Engine = "auto",
    precision: Precision = "auto",
    network_size: NetworkSizeOption = "default",
    roi: Roi = "",
    output_size: OutputSize = "camera",
    class_map: ClassMap = "",
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Image topic of bags; more than once; default: every camera."),
    ] = None,
    overlay: Annotated[bool, typer.Option(help="Blend the colours over the image.")] = False,
    compress: Annotated[
        bool, typer.Option("--compress", help="Write .mcap bags in compressed chunks (zstd).")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Segment so many bags at a time.")
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Share bags out over a Ray cluster: auto, HOST:PORT."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Segment every frame of an image, a folder, a video or a bag to the same kind.

    Labels are written as PNG with a class id per pixel, with a coloured picture beside them. A bag
    keeps its other topics as they are. Bags that are done already are skipped. Needs no ROS.
    """
    from segmentation_node.cli.screen import print_table, step_bars  # noqa: PLC0415
    from segmentation_node.offline.batch import Crew  # noqa: PLC0415
    from segmentation_node.offline.job import Request  # noqa: PLC0415
    from segmentation_node.offline.opening import Opening  # noqa: PLC0415
    from segmentation_node.offline.run import run_all  # noqa: PLC0415

    if topic or compress:
        _check_bags(sources, output, compress=compress)
    wanted = Request(sources[0], output, tuple(topic or ()), overlay, compress)
    opening = Opening(model, engine, precision, network_size, roi, output_size, class_map)
    crew = Crew(workers, ray)
    with step_bars() as bars:
        figures = run_all(sources, wanted, opening, crew, bars)
    write_json(json_file, figures)
    print_table(str(output), _many(figures) if figures["kind"] == "bags" else _one(figures))
    if figures.get("errors"):
        raise typer.Exit(1)


def _check_bags(sources: Sequence[Path], output: Path, *, compress: bool) -> None:
    """Check that there are bags for the options of bags, and that they can be compressed."""
    from segmentation_node.offline.kinds import Kind, kind_of  # noqa: PLC0415
    from segmentation_node.offline.plan import are_many_bags  # noqa: PLC0415

    if are_many_bags(sources):
        return
    kind = kind_of(sources[0])
    if kind is not Kind.BAG:
        raise ConfigError(
            received=f"--topic or --compress for one {kind.value}",
            expected="a bag, which has topics and chunks",
            fix="leave the option out",
        )
    if compress and output.suffix.lower() == ".db3":
        raise ConfigError(
            received=f"--compress for {output.name}",
            expected="an output in mcap, which has chunks",
            fix="name an output that ends in .mcap, or leave the option out",
        )


def _one(figures: Mapping[str, Any]) -> dict[str, str]:
    if figures.get("status") == "skipped":
        return {"skipped": "done before, of the same input and with the same options"}
    total = figures["stages_ms"].get("total", {})
    again = {"done again": figures["note"]} if figures.get("note") else {}
    return {
        **again,
        **_left_alone(figures),
        "frames": str(figures["frames"]),
        "frames per second": f"{figures['frames_per_s']:.1f} (reading and writing included)",
        "time per frame": f"{total.get('p50_ms', 0):.1f} ms p50, {total.get('p95_ms', 0):.1f} p95",
        "network": f"{figures['model']} at {figures['network_size']}, {figures['precision']}",
        "engine": f"{figures['engine']} on {figures['device']}",
    }


def _many(figures: Mapping[str, Any]) -> dict[str, str]:
    bags = figures["bags"]
    listed = [
        bag
        for bag in bags
        if bag["error"] or bag["note"] or bag.get("left_alone") or len(bags) <= _LONGEST_TABLE
    ]
    return {
        "bags": ", ".join(
            f"{figures[status]} {status}" for status in ("done", "skipped", "failed")
        ),
        "frames": str(figures["frames"]),
        "frames per second": f"{figures['frames_per_s']:.1f} (reading and writing included)",
        **{bag["output"]: _told(bag) for bag in listed},
    }


def _told(bag: Mapping[str, Any]) -> str:
    why = f", again: {bag['note']}" if bag["note"] else ""
    error = f": {bag['error']}" if bag["error"] else ""
    left = "".join(f"; {text}" for text in _left_alone(bag).values())
    return f"{bag['status']}{why}{error}{left}"


def _left_alone(figures: Mapping[str, Any]) -> dict[str, str]:
    """The image topics that were copied only, with the hint that they can be asked for."""
    if not figures.get("left_alone"):
        return {}
    told = "; ".join(f"{topic} ({why})" for topic, why in figures["left_alone"].items())
    return {"not segmented": f"{told}. With --topic only the topics that you name are taken"}
