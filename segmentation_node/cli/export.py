"""`segmentation export`: a training run, or a network by name, to an ONNX file and its sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentation_node.errors import ConfigError


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|NETWORK",
            help="Folder that `segmentation train` left, or a network: fcn8s, fcn16s, fcn32s, "
            "fcn_alexnet, fcn8s_lite0 or fcn4s_lite0. `./fcn8s` is a folder.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .onnx file to write.")],
    init: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="ImageNet weights of a network: docs/networks.md."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Trained weights of a network: a run's checkpoint.pt."),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Labels of a network; default: its own."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Decides the weights of a network that no file gives.")
    ] = 1,
    left_out: Annotated[
        list[Path] | None,
        typer.Option(
            "--left-out",
            metavar="DIR",
            help="Folder of a --hold-out run, for a run's card; repeatable.",
        ),
    ] = None,
    remark: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A sentence for a run's card; repeatable."),
    ] = None,
) -> None:
    """Export trained weights to ONNX, with their sidecar, and a card of the run's scores.

    A network by name is exported with random weights where neither `--init` nor `--checkpoint`
    gives any; its sidecar says so.
    """
    from segmentation_node.core.labels import label_set  # noqa: PLC0415
    from segmentation_node.training.networks import NETWORKS  # noqa: PLC0415

    if source in NETWORKS:
        from segmentation_node.training.export_model import Weights, export_network  # noqa: PLC0415

        chosen = label_set(labels) if labels else None
        sidecar = export_network(source, output, Weights(init, checkpoint, seed), chosen)
        if sidecar.notice:
            typer.echo(f"note: {sidecar.notice}", err=True)
        files: tuple[Path, ...] = (output, output.with_suffix(".yaml"))
    else:
        _check_run(source, tuple(NETWORKS), given=bool(init or checkpoint or labels))
        files = _export_run(Path(source), output, left_out or [], remark or [])
    for path in files:
        typer.echo(path)


def _export_run(
    folder: Path, output: Path, left_out: list[Path], remarks: list[str]
) -> tuple[Path, ...]:
    """Export a run with its card; one that was interrupted as it is, which is said."""
    from segmentation_node.bench.model_report import publish  # noqa: PLC0415
    from segmentation_node.training.checkpoint import load_checkpoint  # noqa: PLC0415
    from segmentation_node.training.export_model import export_checkpoint  # noqa: PLC0415
    from segmentation_node.training.run_settings import CHECKPOINT, RECORD  # noqa: PLC0415

    kept = folder / CHECKPOINT
    if (folder / RECORD).exists() or not kept.exists():
        return publish(folder, output, left_out, remarks)
    step = load_checkpoint(kept).iteration
    export_checkpoint(kept, output)
    typer.echo(
        f"note: {folder} holds a run that was interrupted: exported as it is after step {step}, "
        "without class bias, scores and card; segmentation train --resume goes on with it",
        err=True,
    )
    return output, output.with_suffix(".yaml")


def _check_run(source: str, networks: tuple[str, ...], *, given: bool) -> None:
    if not Path(source).is_dir():
        raise ConfigError(
            received=f"{source!r}, neither a folder nor a network",
            expected="the folder of a run, or one of " + ", ".join(networks),
            fix="train first: segmentation train -o FOLDER, or name a network",
        )
    if given:
        raise ConfigError(
            received=f"--init, --checkpoint or --labels with the run {source}",
            expected="none: a run has its own weights and labels",
            fix="leave them away, or name a network in place of the folder",
        )
