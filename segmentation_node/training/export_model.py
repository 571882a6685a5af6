"""Exports trained weights, weights of others, or random ones: the ONNX and its sidecar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from segmentation_node.core.labels import CAMVID_11, LabelSet
from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.training.checkpoint import Checkpoint, load_checkpoint
from segmentation_node.training.class_bias import add_class_bias
from segmentation_node.training.export import export_onnx
from segmentation_node.training.init import random_layers, read_weights, start_from
from segmentation_node.training.networks import NetworkEntry, build, network_entry
from segmentation_node.training.sidecar import Sidecar, write_sidecar

UNTRAINED = "These weights have not been trained: the labels that they give mean nothing."
RANDOM_LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Weights:
    """Where the weights of an exported network come from.

    Args:
        init: A file to start from, in the layout of `NetworkEntry.published`.
        checkpoint: What `train` left.
        seed: Decides what is random.
    """

    init: Path | None = None
    checkpoint: Path | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        if self.init is not None and self.checkpoint is not None:
            raise ConfigError(
                received="--init and --checkpoint",
                expected="one of them: a checkpoint holds all weights of a network",
                fix="leave --init away",
            )


def export_checkpoint(checkpoint: Path, path: Path, class_bias: Sequence[float] = ()) -> None:
    """Export the averaged weights of a checkpoint, with their sidecar.

    Args:
        checkpoint: What `train` left.
        path: The ONNX file to write; the sidecar is put beside it.
        class_bias: (C,) float, added to the logits, as the run's record has it; empty adds none.

    Raises:
        DatasetError: The checkpoint cannot be read.
        OutputError: The files cannot be written.
    """
    _export_state(load_checkpoint(checkpoint), path, class_bias)


def export_network(
    name: str, path: Path, weights: Weights, labels: LabelSet | None = None
) -> Sidecar:
    """Export a network of the registry, with its sidecar.

    Args:
        name: Its name.
        path: The ONNX file to write; the sidecar is put beside it.
        weights: Where they come from; random where nothing is said.
        labels: What the channels mean; None takes the network's own, or the checkpoint's.

    Returns:
        What the sidecar says.

    Raises:
        ConfigError: There is no such network, or no such weights for it.
        ModelError: The weights do not fit the network.
        OutputError: The files cannot be written.
    """
    entry = network_entry(name)
    if weights.checkpoint is not None:
        return _export_state(_state_of(entry, weights.checkpoint, labels), path)
    labels = labels or entry.labels
    network, facts = _untrained(entry, labels, weights)
    sidecar = Sidecar(
        name=f"{name.replace('_', '-')}-untrained",
        network=entry,
        labels=labels,
        licence="" if weights.init else RANDOM_LICENCE,
        notice=UNTRAINED,
        training=facts,
    )
    _write(network, sidecar, path)
    return sidecar


def _untrained(
    entry: NetworkEntry, labels: LabelSet, weights: Weights
) -> tuple[nn.Module, dict[str, Any]]:
    """A network as a training run would begin with it, and what its sidecar says of that."""
    torch.manual_seed(weights.seed)
    network = build(entry.name, labels.num_classes, pretrained=weights.init is None)
    facts: dict[str, Any] = {"recipe": "none", "seed": weights.seed}
    if weights.init is not None:
        initial = read_weights(weights.init)
        start_from(network, entry, initial)
        facts["init"] = initial.to_mapping()
        facts["random_layers"] = random_layers(network, entry)
    return network, facts


def _state_of(entry: NetworkEntry, checkpoint: Path, labels: LabelSet | None) -> Checkpoint:
    """Read a checkpoint and check that it is of a network."""
    state = load_checkpoint(checkpoint)
    found = state.run["recipe"]["network"]
    if found != entry.name:
        raise ModelError(
            received=f"a checkpoint of {found} for {entry.name}",
            expected="a checkpoint of the network that is exported",
            fix=f"segmentation export {found}, or give another --checkpoint",
        )
    if labels is not None and labels != _labels_of(state.run):
        raise ConfigError(
            received=f"--labels {labels.name} with a checkpoint",
            expected=f"none, or the checkpoint's own, {_labels_of(state.run).name}",
            fix="leave --labels away",
        )
    return state


def _export_state(state: Checkpoint, path: Path, class_bias: Sequence[float] = ()) -> Sidecar:
    recipe, labels = state.run["recipe"], _labels_of(state.run)
    entry = network_entry(recipe["network"])
    network = build(entry.name, labels.num_classes, pretrained=False)
    network.load_state_dict(state.averaged)
    if class_bias:
        add_class_bias(network, entry, class_bias)
    facts = {"recipe": recipe["name"], "iterations": state.iteration, **state.run["data"]}
    if "init" in state.run:
        facts["init"] = state.run["init"]
    sidecar = Sidecar(
        name=f"{entry.name.replace('_', '-')}-{recipe['name']}",
        network=entry,
        labels=labels,
        licence=recipe["licence"],
        notice=recipe["notice"],
        training=facts,
        # Checkpoints that are older than the choice do not say.
        temperature=recipe.get("temperature", 1.0),
    )
    _write(network, sidecar, path)
    return sidecar


def _labels_of(run: Mapping[str, Any]) -> LabelSet:
    """What a run's channels mean; runs that do not say were of CamVid."""
    return LabelSet.from_mapping(run["labels"]) if "labels" in run else CAMVID_11


def _write(network: nn.Module, sidecar: Sidecar, path: Path) -> None:
    entry = sidecar.network
    with torch.inference_mode():
        export_onnx(network, path, multiple=entry.multiple, stride=entry.stride)
    write_sidecar(sidecar, path.with_suffix(".yaml"))
