"""`segmentation quantize`: a float32 network to INT8 or FP16, and the check of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_node.cli.options import (
    Exclude,
    JsonFile,
    Model,
    Sensitive,
    Size,
    folders,
    most,
    write_json,
)
from segmentation_node.errors import ConfigError

if TYPE_CHECKING:
    from segmentation_node.model.calibration import Agreement
    from segmentation_node.quantize.request import Request


def quantize(
    *,
    model: Model = "camvid",
    images: Annotated[list[Path] | None, folders("Folder of images to calibrate on")] = None,
    reference: Annotated[
        list[Path] | None, folders("Folder of images as in use, to warn of missing light")
    ] = None,
    method: Annotated[
        str, typer.Option(help="percentile, minmax, entropy, or auto: the best of them.")
    ] = "auto",
    bins: Annotated[int, typer.Option(help="Bins of the histograms, a power of two.")] = 2048,
    percentile: Annotated[
        float, typer.Option(help="Per cent of the values within a range, for percentile.")
    ] = 99.999,
    precision: Annotated[str, typer.Option(help="int8, int8-weights or fp16.")] = "int8",
    rest: Annotated[str, typer.Option(help="What is not int8: fp32 or fp16.")] = "fp32",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The .onnx file to write; default: where it is found again."
        ),
    ] = None,
    exclude: Exclude = None,
    sensitive: Sensitive = 0,
    quantize_last: Annotated[
        bool, typer.Option("--quantize-last", help="Quantise the class scores' layers too.")
    ] = False,
    size: Size = None,
    limit: Annotated[int | None, most("Most images, spread over all of them.")] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Write INT8 that does not label as the float network, too."),
    ] = False,
    check: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Only hold this ONNX to the rules; with --images also against --model.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Quantise a network for TensorRT and OpenVINO, or hold a quantised one to the rules."""
    from segmentation_node.quantize.packages import check_installed  # noqa: PLC0415

    check_installed()
    # Imported here: onnx takes a second, and `--help` should not wait for it.
    from segmentation_node.cli.screen import print_table, step_bars  # noqa: PLC0415
    from segmentation_node.core.geometry import NetworkSize  # noqa: PLC0415
    from segmentation_node.quantize.calibrate import Method  # noqa: PLC0415
    from segmentation_node.quantize.request import Request  # noqa: PLC0415
    from segmentation_node.quantize.run import check_file  # noqa: PLC0415
    from segmentation_node.quantize.run import quantize as run_quantize  # noqa: PLC0415

    if check is not None:
        figures = check_file(check, allow_last=quantize_last)
        write_json(json_file, figures)
        _print_check(check, figures)
        if not images:
            return
    request = Request(
        model=model,
        output=check or output or _found_again(model, precision),
        precision=precision,
        rest=rest,
        images=tuple(images or ()),
        reference=tuple(reference or ()),
        method=Method(method, bins, percentile),
        exclude=tuple(exclude or ()),
        sensitive=sensitive,
        quantize_last=quantize_last,
        size=None if size is None else NetworkSize.parse(size),
        limit=limit,
        force=force,
    )
    if check is not None:
        _compare(check, request, json_file)
        return
    with step_bars() as bars:
        figures = run_quantize(request, bars, lambda line: typer.echo(line, err=True))
    write_json(json_file, figures)
    print_table(str(request.output), _rows(figures))


def _found_again(model: str, precision: str) -> Path:
    """Where the node and `segmentation build` look for this network in this precision."""
    from segmentation_node.engines.converted import CONVERTED, default_output  # noqa: PLC0415
    from segmentation_node.model import load_model  # noqa: PLC0415

    if precision not in CONVERTED:
        raise ConfigError("no output", "the .onnx file to write", "give --output FILE.onnx")
    return default_output(load_model(model), precision)


def _print_check(path: Path, figures: Mapping[str, Any]) -> None:
    for violation in figures["violations"]:
        typer.secho(violation, fg=typer.colors.RED)
    count = len(figures["violations"])
    typer.echo(f"{path}: rules broken: {count}; {_layers(figures['layers'])}")
    if figures["violations"]:
        raise typer.Exit(1)


def _compare(path: Path, request: Request, json_file: Path | None) -> None:
    from segmentation_node.cli.screen import print_table  # noqa: PLC0415
    from segmentation_node.quantize.run import check_agreement  # noqa: PLC0415

    found = check_agreement(path, request)
    write_json(json_file, found.to_mapping())
    print_table(f"{path} beside {request.model}", _agreement_rows(found))
    typer.echo(f"noted in {path.with_suffix('.yaml')}")
    if found.trouble:
        typer.secho(f"do not use it: {found.trouble}", fg=typer.colors.RED)
        raise typer.Exit(1)


def _agreement_rows(found: Agreement) -> dict[str, str]:
    rows = {"same class": f"{100 * found.same_class:.2f} % of cells, {found.images} images"}
    for name in sorted(found.kept, key=lambda one: found.kept[one]):
        rows[name] = f"keeps {100 * found.kept[name]:.1f} %, gains {100 * found.gained[name]:.1f} %"
    if found.unjudged:
        rows["too few cells"] = ", ".join(found.unjudged)
    return rows


def _rows(figures: Mapping[str, Any]) -> dict[str, str]:
    rows = {
        "name": figures["name"],
        "layers": _layers(figures["layers"]),
        "left in float": ", ".join(figures["float_layers"]) or "none by name",
        "file": f"{figures['bytes'] / 1e6:.1f} MB; float: {figures['float_bytes'] / 1e6:.1f} MB",
    }
    for name, one in figures.get("methods", {}).items():
        chosen = " (chosen)" if name == figures["method"] else ""
        rows[f"by {name}"] = (
            f"{100 * one['mean_iou']:.2f} % mean IoU with float, "
            f"{100 * one['label_agreement']:.2f} % of cells{chosen}"
        )
    if "compared_images" in figures:
        rows["against float"] = (
            f"{100 * figures['label_agreement']:.2f} % of cells have the same class, logits differ "
            f"by {100 * figures['logits_error']:.2f} % ({figures['compared_images']} images, "
            f"{figures['network_size']})"
        )
    for place, one in enumerate(figures.get("sensitivity", [])[:10], start=1):
        error = one["difference"]["logits_error"]
        rows[f"sensitive {place}"] = f"{one['layer']}, logits {100 * error:.2f} %"
    return rows


def _layers(layers: Mapping[str, int]) -> str:
    names = {
        "int8": "int8",
        "int8_weights": "int8 weights",
        "half": "half precision",
        "float32": "float32",
    }
    told = [f"{layers[key]} in {name}" for key, name in names.items() if layers[key]]
    return ", ".join(told) or "no weighted layers"
