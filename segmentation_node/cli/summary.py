"""`segmentation summary`: what a network consists of, layer by layer."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentation_node.cli.options import JsonFile, write_json


def summary(
    network: Annotated[
        str,
        typer.Argument(
            help="fcn8s, fcn16s, fcn32s, fcn_alexnet, fcn8s_lite0 or fcn4s_lite0.",
        ),
    ],
    *,
    size: Annotated[str, typer.Option(help="Of the image, height x width.")] = "256x512",
    classes: Annotated[
        int | None, typer.Option(metavar="N", help="Classes; default: the network's own.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """List a network's layers: activations, parameters and operations, as the paper's tables do.

    Sums of encoder and decoder stand beneath, and what was published of them.
    """
    from segmentation_node.bench.network_table import (  # noqa: PLC0415
        network_tables,
        summary_mapping,
    )
    from segmentation_node.cli.scores import print_tables  # noqa: PLC0415
    from segmentation_node.core.geometry import NetworkSize  # noqa: PLC0415
    from segmentation_node.training.summary import summarise  # noqa: PLC0415

    found = summarise(network, NetworkSize.parse(size), classes)
    print_tables(network_tables(found))
    write_json(json_file, summary_mapping(found))
