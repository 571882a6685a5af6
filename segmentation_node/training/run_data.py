"""Makes a run ready: its data read or rendered, its recipe settled to them and to the device."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.datasets import Dataset, camvid, check_labels, hold_out, rendered
from segmentation_node.training.batches import Source
from segmentation_node.training.device import free_bytes
from segmentation_node.training.loop import Data
from segmentation_node.training.memory import check_batch, fitting_batch, training_memory
from segmentation_node.training.recipe import Recipe
from segmentation_node.training.render import render_stills
from segmentation_node.training.run_settings import AUTO_BATCH, OwnData, Run

Rendering = Callable[[int, int], None]

_log = logging.getLogger("segmentation_node")


def prepare(
    run: Run, device: torch.device, rendering: Rendering | None = None
) -> tuple[Recipe, Data]:
    """Read CamVid and render scenes, or read the user's data, as the run needs them.

    Args:
        run: What to do.
        device: Whose memory the batch must fit into.
        rendering: Called with the number of rendered scenes done, and of all.

    Returns:
        The recipe as this run follows it, with its batch and its steps; and the data.

    Raises:
        SegmentationError: Data are not as they must be, or the batch does not fit.
    """
    if run.own is not None:
        return _own(run, run.own, device)
    recipe = settled(run, device, CAMVID_11.num_classes)
    if run.held_out is not None:
        recipe = recipe.for_hold_out()
    sources, validation = [], []
    batch, photographs, late = recipe.batch, recipe.camvid_per_batch, recipe.late_camvid
    if run.camvid_root is not None and photographs:
        learnt, scored = _camvid(run.camvid_root, run.held_out)
        sources.append(Source(learnt, photographs, late, recipe.last_cycle))
        validation.append(scored)
    if batch > photographs:
        render_stills(recipe.stills, run.stills / "train", rendering)
        render_stills(recipe.stills.for_scores(), run.stills / "val", rendering)
        scenes, late = rendered(run.stills, "train"), None if late is None else batch - late
        sources.append(Source(scenes, batch - photographs, late, recipe.last_cycle))
        validation.append(rendered(run.stills, "val"))
    return recipe, Data(tuple(sources), tuple(validation))


def settled(run: Run, device: torch.device, num_classes: int) -> Recipe:
    """The recipe with the batch that the run asks for.

    Raises:
        ConfigError: The batch does not fit into the device's memory.
    """
    memory, available = training_memory(run.recipe, num_classes), free_bytes(device)
    if run.batch == AUTO_BATCH:
        return replace(run.recipe, batch=fitting_batch(run.recipe.batch, memory, available))
    recipe = replace(run.recipe, batch=int(run.batch)) if run.batch else run.recipe
    check_batch(recipe.batch, memory, available)
    return recipe


def _own(run: Run, own: OwnData, device: torch.device) -> tuple[Recipe, Data]:
    learnt, scored = _checked(own.split("train")), _checked(own.split("val"))
    recipe = settled(run, device, learnt.labels.num_classes).for_images(len(learnt))
    return recipe, Data((Source(learnt, recipe.batch),), (scored,))


def _camvid(root: Path, held_out: str | None) -> tuple[Dataset, Dataset]:
    if held_out is not None:
        return hold_out(_checked(camvid(root)), held_out)
    return _checked(camvid(root, ["train"])), _checked(camvid(root, ["val"]))


def _checked(data: Dataset) -> Dataset:
    """The data, once all of its labels are known to be those that it declares."""
    for sentence in check_labels(data):
        _log.warning(sentence)
    return data
