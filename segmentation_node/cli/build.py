"""`segmentation build`: a network to a TensorRT engine in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_node.cli.options import Cache, JsonFile, Model, write_json

if TYPE_CHECKING:
    from segmentation_node.engines.tensorrt_engines import EngineFile
    from segmentation_node.engines.tensorrt_progress import BuildProgress


def build(
    *,
    model: Model = "camvid",
    precision: Annotated[
        str, typer.Option(help="fp32, fp16 or int8, see `quantize`; auto: as the node takes it.")
    ] = "auto",
    size: Annotated[
        str, typer.Option(help="Height x width, as 256x512; default: the model's.")
    ] = "default",
    batch: Annotated[int, typer.Option(help="Images at a time, at most: as many as cameras.")] = 1,
    flavour: Annotated[
        str, typer.Option(help="auto, tensorrt or rtx (TensorRT for RTX).")
    ] = "auto",
    target: Annotated[
        str,
        typer.Option(metavar="SM", help="RTX: GPU generation to build for, as SM86, or portable."),
    ] = "",
    workspace: Annotated[
        int | None, typer.Option(metavar="MIB", help="Limit on a layer's GPU memory.")
    ] = None,
    level: Annotated[int, typer.Option(help="0 builds fastest, 5 searches longest.")] = 3,
    tf32: Annotated[bool, typer.Option("--tf32", help="Let FP32 layers round to TF32.")] = False,
    inspect: Annotated[
        bool, typer.Option("--inspect", help="List and time its layers; needs its GPU.")
    ] = False,
    cache: Cache = None,
    json_file: JsonFile = None,
) -> None:
    """Build a TensorRT engine and keep it in the cache, where the node finds it.

    Nothing is built where the engine is there already. Ctrl-C ends a build without leaving half.
    """
    from segmentation_node.cli.screen import print_table  # noqa: PLC0415
    from segmentation_node.core.geometry import NetworkSize  # noqa: PLC0415
    from segmentation_node.engines.converted import best_precision  # noqa: PLC0415
    from segmentation_node.engines.tensorrt_engines import build_engine  # noqa: PLC0415
    from segmentation_node.engines.tensorrt_request import BuildRequest  # noqa: PLC0415
    from segmentation_node.model import load_model  # noqa: PLC0415

    found = load_model(model)
    request = BuildRequest(
        precision=best_precision(found) if precision == "auto" else precision,
        size=None if size == "default" else NetworkSize.parse(size),
        batch=batch,
        flavour=flavour,
        target=target,
        workspace_mib=workspace,
        level=level,
        tf32=tf32,
    )
    with _progress() as progress:
        made = build_engine(
            found,
            request,
            cache=cache,
            progress=progress,
            on_wait=lambda text: typer.echo(text, err=True),
        )
    figures = made.to_mapping()
    print_table(str(made.path), _rows(figures))
    try:
        if inspect:
            figures["inspected"] = _inspect(made)
    finally:
        write_json(json_file, figures)


@contextmanager
def _progress() -> Iterator[BuildProgress]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from segmentation_node.engines.tensorrt_progress import BuildProgress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking for TensorRT", total=1.0)
        yield BuildProgress(
            lambda fraction, phase: bar.update(task, completed=fraction, description=phase)
        )


def _rows(figures: Mapping[str, Any]) -> dict[str, str]:
    key = figures["key"]
    layers = ", ".join(f"{count} in {name}" for name, count in figures["layers"].items())
    built = f"{figures['build_ms'] / 1e3:.1f} s"
    return {
        "engine": f"{figures['name']} ({figures['plan_bytes'] / 1e6:.1f} MB)",
        "from": f"{figures['model_file']}, {key['precision']}, " + "x".join(map(str, key["shape"])),
        "layers with weights": layers,
        "for": figures["made_for"],
        "by": f"{figures['title']} {key['version']}",
        "built": f"in {built}: {figures['reason']}"
        if figures["is_new"]
        else "before, and is whole",
    }


def _inspect(made: EngineFile) -> dict[str, Any]:
    from segmentation_node.engines.tensorrt_engines import inspect_engine  # noqa: PLC0415

    inspected = inspect_engine(made)
    _print_layers(inspected["layers"])
    megabytes, precision = inspected["memory_bytes"] / 1e6, inspected["precision"]
    typer.echo(f"runs in {precision or 'what it does not say'}; {megabytes:.1f} MB besides weights")
    return inspected


def _print_layers(layers: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("layer", "kind", "precision", "kernel", "ms")
    for layer in layers:
        time_ms = "" if layer["time_ms"] is None else f"{layer['time_ms']:.3f}"
        words = (layer["name"], layer["kind"], layer["precision"], layer["tactic"], time_ms)
        # As Text, since brackets in a plain string are markup.
        table.add_row(*map(Text, words))
    Console().print(table)
