"""One run from a recipe to an exported model: data made ready, training, ONNX, sidecar, record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from segmentation_node.errors import ConfigError
from segmentation_node.files import write_whole
from segmentation_node.training.checkpoint import load_checkpoint
from segmentation_node.training.class_bias import fit_class_bias
from segmentation_node.training.curves import draw_curves
from segmentation_node.training.device import choose_device, describe
from segmentation_node.training.export_model import export_checkpoint
from segmentation_node.training.init import read_weights
from segmentation_node.training.loop import Progress, Training
from segmentation_node.training.memory import training_memory
from segmentation_node.training.run_data import Rendering, prepare
from segmentation_node.training.run_settings import CURVES, RECORD, Run

Report = Callable[[Progress], None]


def train(
    run: Run,
    *,
    resume: bool = False,
    rendering: Rendering | None = None,
    report: Report | None = None,
) -> dict[str, Any]:
    """Train a model, export it, and leave a record and the curves.

    Args:
        run: What to do and where.
        resume: Whether to go on from the run's checkpoint.
        rendering: Called with the number of rendered scenes done, and of all.
        report: Called after each training step.

    Returns:
        The record, as it is written to `record.json`.

    Raises:
        SegmentationError: Data, checkpoint or output are not as they must be.
    """
    if not resume:
        _check_new(run)
    device = choose_device(run.device)
    training = start(run, device, resume=resume, rendering=rendering)
    network = training.run(_with_curves(training, run.folder / CURVES, report))
    learnt = [source.data for source in training.data.sources]
    images = run.recipe.bias_images
    bias = fit_class_bias(network, training.entry, learnt, device, images)
    record = {
        **run_facts(run, training),
        **describe(device),
        "seconds": round(training.seconds),
        "class_bias": bias,
        "history": training.history,
    }
    export_checkpoint(run.checkpoint, run.model, bias)
    write_whole(run.folder / RECORD, json.dumps(record, indent=1).encode())
    return record


def _check_new(run: Run) -> None:
    """Refuse to begin where a run has left its state: it would be lost."""
    if run.checkpoint.is_file():
        step = load_checkpoint(run.checkpoint).iteration
        raise ConfigError(
            received=f"{run.folder}, which holds a run at step {step}",
            expected="an empty folder for a new run, which would write over its checkpoint",
            fix="go on with it by --resume, or begin elsewhere by another --output",
        )


def start(
    run: Run, device: torch.device, *, resume: bool, rendering: Rendering | None = None
) -> Training:
    """A run at its first step, or where it was interrupted."""
    initial = read_weights(run.init) if run.init is not None else None
    recipe, data = prepare(run, device, rendering)
    training = Training(recipe, data, device, run.checkpoint, initial)
    if resume:
        training.resume()
    return training


def run_facts(run: Run, training: Training) -> dict[str, Any]:
    """What a run's record says of recipe and data."""
    recipe = training.recipe
    memory = training_memory(recipe, training.data.labels.num_classes)
    facts = {
        "recipe": recipe.to_mapping(),
        "held_out": run.held_out,
        "images": training.data.to_mapping(),
        "format": run.own.form if run.own else None,
        "labels": training.data.labels.name,
        "estimated_bytes": memory.of_batch(recipe.batch),
    }
    return {**facts, "init": training.origin} if training.origin else facts


def _with_curves(training: Training, path: Path, report: Report | None) -> Report:
    """The caller's report, and the curves drawn anew after each validation and in the end."""
    title = f"{training.recipe.name}: {training.recipe.network}"

    def step(progress: Progress) -> None:
        if progress.miou or progress.iteration == progress.iterations:
            draw_curves(path, training.history, title)
        if report:
            report(progress)

    return step
