"""One run from a recipe to an exported model: data made ready, training, ONNX, sidecar, record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from segmentation_node.core.labels import CAMVID_11, LabelSet
from segmentation_node.errors import ConfigError
from segmentation_node.training.batches import Source
from segmentation_node.training.checkpoint import load_checkpoint
from segmentation_node.training.class_bias import add_class_bias, fit_class_bias
from segmentation_node.training.datasets import camvid, hold_out, rendered
from segmentation_node.training.device import choose_device, describe
from segmentation_node.training.export import export_onnx
from segmentation_node.training.files import write_whole
from segmentation_node.training.loop import Data, Progress, Training
from segmentation_node.training.networks import build, network_entry
from segmentation_node.training.recipe import Recipe
from segmentation_node.training.render import render_stills
from segmentation_node.training.sidecar import Sidecar, write_sidecar

CHECKPOINT, RECORD = "checkpoint.pt", "record.json"


@dataclass(frozen=True)
class Run:
    """A run of a recipe.

    Args:
        recipe: What to do.
        folder: Where checkpoint, model and record are left.
        camvid_root: Folder of CamVid, with `train/` and `val/`; None for recipes without it.
        stills_root: Folder of rendered scenes, filled if need be; None takes `folder/stills`.
        held_out: CamVid sequence to leave out of training, and to be scored on; None trains on
            the train split.
        device: `auto`, `cpu` or `cuda`.
    """

    recipe: Recipe
    folder: Path
    camvid_root: Path | None = None
    stills_root: Path | None = None
    held_out: str | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        needs_camvid = self.recipe.camvid_per_batch > 0 or self.held_out is not None
        if needs_camvid and self.camvid_root is None:
            raise ConfigError(
                received=f"the recipe {self.recipe.name!r} without a folder of CamVid",
                expected="the folder that holds its train/ and val/",
                fix="give --camvid DIR",
            )
        if self.held_out is not None and self.recipe.camvid_per_batch == 0:
            raise ConfigError(
                received=f"--hold-out {self.held_out} with the recipe {self.recipe.name!r}",
                expected="a recipe that trains on CamVid, since that is where it is left out of",
                fix="leave --hold-out away",
            )

    @property
    def effective_recipe(self) -> Recipe:
        """The recipe as this run follows it: short, in one cycle, where a sequence is left out."""
        if self.held_out is None:
            return self.recipe
        return replace(self.recipe, cycles=(self.recipe.hold_out_iterations,))

    @property
    def stills(self) -> Path:
        """Folder of the rendered scenes."""
        return self.stills_root or self.folder / "stills"

    @property
    def checkpoint(self) -> Path:
        """The file that the run goes on from."""
        return self.folder / CHECKPOINT

    @property
    def model(self) -> Path:
        """The exported ONNX."""
        return self.folder / f"{self.recipe.name}.onnx"


def train(
    run: Run,
    *,
    resume: bool = False,
    rendering: Callable[[int, int], None] | None = None,
    report: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Train a model, export it, and leave a record.

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
    data = prepare(run, rendering)
    device = choose_device(run.device)
    training = Training(run.effective_recipe, data, device, run.checkpoint)
    if resume:
        training.resume()
    network = training.run(report)
    learnt = [source.data for source in data.sources]
    images = run.recipe.bias_images
    bias = fit_class_bias(network, training.entry, learnt, device, images)
    record = {
        **run_facts(run, data),
        **describe(device),
        "seconds": round(training.seconds),
        "class_bias": bias,
        "history": training.history,
    }
    export_run(run.checkpoint, run.model, bias)
    write_whole(run.folder / RECORD, json.dumps(record, indent=1).encode())
    return record


def prepare(run: Run, rendering: Callable[[int, int], None] | None = None) -> Data:
    """Read CamVid and render scenes, as far as the run needs them."""
    recipe = run.recipe
    sources, validation = [], []
    if run.camvid_root is not None and recipe.camvid_per_batch:
        learnt, scored = camvid(run.camvid_root, ["train"]), camvid(run.camvid_root, ["val"])
        if run.held_out is not None:
            learnt, scored = hold_out(camvid(run.camvid_root), run.held_out)
        sources.append(Source(learnt, recipe.camvid_per_batch, alone=recipe.batch))
        validation.append(scored)
    if recipe.batch > recipe.camvid_per_batch:
        render_stills(recipe.stills, run.stills / "train", rendering)
        render_stills(recipe.stills.for_scores(), run.stills / "val", rendering)
        scenes = rendered(run.stills, "train")
        sources.append(Source(scenes, recipe.batch - recipe.camvid_per_batch))
        validation.append(rendered(run.stills, "val"))
    return Data(tuple(sources), tuple(validation))


def run_facts(run: Run, data: Data) -> dict[str, Any]:
    """What a run's record says of recipe and data."""
    return {
        "recipe": run.effective_recipe.to_mapping(),
        "held_out": run.held_out,
        "images": data.to_mapping(),
    }


def export_run(
    checkpoint: Path, path: Path, class_bias: Sequence[float], labels: LabelSet = CAMVID_11
) -> None:
    """Export the averaged weights of a checkpoint, with their sidecar.

    Args:
        checkpoint: What `train` left.
        path: The ONNX file to write; the sidecar is put beside it.
        class_bias: (C,) float, added to the logits, as the run's record has it.
        labels: What the network's channels mean.

    Raises:
        DatasetError: The checkpoint cannot be read.
        OutputError: The files cannot be written.
    """
    state = load_checkpoint(checkpoint)
    recipe = state.run["recipe"]
    entry = network_entry(recipe["network"])
    network = build(entry.name, labels.num_classes, pretrained=False)
    network.load_state_dict(state.averaged)
    add_class_bias(network, entry, class_bias)
    with torch.inference_mode():
        export_onnx(network, path, multiple=entry.multiple, stride=entry.stride)
    sidecar = Sidecar(
        name=f"{entry.name.replace('_', '-')}-{recipe['name']}",
        network=entry,
        labels=labels,
        licence=recipe["licence"],
        notice=recipe["notice"],
        training={"recipe": recipe["name"], "iterations": state.iteration, **state.run["data"]},
    )
    write_sidecar(sidecar, path.with_suffix(".yaml"))
