"""The options that several verbs share, so that they read and behave the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from segmentation_node import files

Model = Annotated[
    str, typer.Option(help="A shipped model's name, or the path of an ONNX with its sidecar.")
]
Engine = Annotated[str, typer.Option(help="Runtime: auto, openvino or tensorrt.")]
Precision = Annotated[str, typer.Option(help="Precision: auto, fp32, bf16, fp16 or int8.")]
NetworkSizeOption = Annotated[
    str, typer.Option("--network-size", help="Height x width, as 288x512; default: the model's.")
]
Size = Annotated[
    str | None,
    typer.Option("--size", "--network-size", help="Height x width, as 256x512."),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="auto (by the layout), camvid, cityscapes, cityscapes19, folder or rendered.",
    ),
]
Split = Annotated[
    str | None, typer.Option(help="Such as train or val; default: val, and none of a folder.")
]
Limit = Annotated[int | None, typer.Option(metavar="N", help="Score N evenly spaced images only.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="NODE", help="A layer to leave in float; repeatable."),
]
Sensitive = Annotated[
    int, typer.Option(metavar="K", help="Leave the K most sensitive layers in float.")
]
Cache = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of built engines; default: docs/tensorrt.md."),
]
ClassMap = Annotated[
    str,
    typer.Option(
        "--class-map", metavar="MAP", help="Merge the model's classes: shipped name or YAML."
    ),
]
Roi = Annotated[
    str,
    typer.Option(
        metavar="X,Y,WIDTH,HEIGHT",
        help="Segment a part only, in pixels or fractions; outside it pixels get no class.",
    ),
]
OutputSize = Annotated[
    str, typer.Option("--output-size", help="Size of results: the camera's, or the network's.")
]
Seed = Annotated[int, typer.Option(help="Another seed is another street.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here as well.")
]


def folders(told: str) -> Any:
    """An option of folders, which may be given more than once.

    Args:
        told: What the folders hold, as `--help` says it.
    """
    return typer.Option(metavar="DIR", help=f"{told}; repeatable.")


def most(told: str) -> Any:
    """An option that bounds how many of something are taken.

    Args:
        told: What is bounded, as `--help` says it.
    """
    return typer.Option(metavar="N", help=told)


def results_folder(told: str) -> Any:
    """The option, `--output` or `-o`, of the folder that results are written to.

    Args:
        told: What is written, as `--help` says it.
    """
    return typer.Option("--output", "-o", metavar="DIR", help=told)


def write_json(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Write what was measured, if a file was asked for.

    Args:
        path: Where to write; None writes nothing.
        figures: What was measured, as plain numbers, strings, lists and mappings.

    Raises:
        OutputError: The file cannot be written.
    """
    if path is not None:
        files.write_json(path, figures)
