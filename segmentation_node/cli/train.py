"""`segmentation train`: from a recipe to an exported and scored model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TimeRemainingColumn

from segmentation_node.cli.options import JsonFile, write_json
from segmentation_node.cli.scores import print_scores


def train(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for all that comes out.")],
    recipe: Annotated[
        str,
        typer.Option(
            help="camvid, rendered; and for data of yours own, paper_fcn8s, paper_fcn16s, "
            "paper_fcn32s or fcn_alexnet."
        ),
    ] = "camvid",
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data of yours: holds train and val.")
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="Of --data: auto (by the layout), camvid, cityscapes, cityscapes19, folder or "
            "rendered.",
        ),
    ] = "auto",
    init: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="ImageNet weights to start from: docs/networks.md."),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="N|auto", help="Images per step; auto: as many as memory allows."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", help="Length of the run in steps; default: its own.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="The same in passes over the training images.")
    ] = None,
    camvid: Annotated[
        Path | None, typer.Option(metavar="DIR", help="CamVid: holds train/ and val/.")
    ] = None,
    stills: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where rendered scenes are kept.")
    ] = None,
    hold_out: Annotated[
        str | None, typer.Option(metavar="SEQUENCE", help="CamVid sequence to leave out.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    resume: Annotated[bool, typer.Option(help="Go on from the folder's checkpoint.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Train a network, export it to ONNX with its sidecar, and score the exported file."""
    # Imported here: torch takes seconds, and `--help` should not wait for it.
    from segmentation_node.bench.model_report import add_scores, model_report  # noqa: PLC0415
    from segmentation_node.training.recipe import recipe as recipe_of  # noqa: PLC0415
    from segmentation_node.training.run import train as run_training  # noqa: PLC0415
    from segmentation_node.training.run_settings import OwnData, Run  # noqa: PLC0415

    run = Run(
        recipe_of(recipe).of_length(steps, epochs),
        output,
        camvid_root=camvid,
        stills_root=stills,
        held_out=hold_out,
        device=device,
        own=OwnData(data, form) if data else None,
        init=init,
        batch=batch,
    )
    console = Console(stderr=True)
    if run.recipe.notice:
        console.print(f"note: {run.recipe.notice}")
    with Bar(*Bar.get_default_columns()[:-1], TimeRemainingColumn(), console=console) as bar:
        shown = _Shown(bar)
        try:
            run_training(run, resume=resume, rendering=shown.rendering, report=shown.step)
        except KeyboardInterrupt:
            bar.stop()
            console.print(_kept(run.checkpoint))
            raise typer.Exit(130) from None
    record = add_scores(run)
    print_scores(record["scores"])
    write_json(json_file, {"miou": record["scores"][0]["miou"], **model_report(record)})


def _kept(checkpoint: Path) -> str:
    """What is left of an interrupted run, and how it goes on."""
    from segmentation_node.training.checkpoint import load_checkpoint  # noqa: PLC0415

    if not checkpoint.is_file():
        return (
            f"stopped before a step was kept in {checkpoint.parent}: the same command begins anew"
        )
    step = load_checkpoint(checkpoint).iteration
    return f"stopped: step {step} is kept in {checkpoint}; the same command with --resume goes on"


# A bar cannot be redrawn in a log file: there a line stands for this many steps.
_LOGGED_STEPS = 10


class _Shown:
    """Shows where rendering and training stand, on one line each."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar
        self.tasks: dict[str, Any] = {}

    def rendering(self, done: int, total: int) -> None:
        """Show how many scenes are rendered."""
        self._show("scenes", "rendering scenes", done, total)

    def step(self, progress: Any) -> None:
        """Show the training step; scores stay on the screen."""
        text = f"training, loss {progress.loss:.3f}"
        self._show("steps", text, progress.iteration, progress.iterations)
        if not self.bar.console.is_terminal and progress.iteration % _LOGGED_STEPS == 0:
            minutes = progress.seconds_left / 60
            where = f"step {progress.iteration} of {progress.iterations}"
            self.bar.console.print(f"{where}: {text}, {minutes:.1f} min left")
        for name, miou in progress.miou.items():
            self.bar.console.print(f"step {progress.iteration}: {name} mIoU {100 * miou:.1f} %")

    def _show(self, key: str, text: str, done: int, total: int) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bar.add_task(text, total=total)
        self.bar.update(self.tasks[key], description=text, completed=done, total=total)
