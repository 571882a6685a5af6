"""The training loop: from batches to weights, interruptible at any step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segmentation_node.core.labels import LabelSet
from segmentation_node.datasets import Dataset
from segmentation_node.training.batches import Batches, Example, Source, collate
from segmentation_node.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from segmentation_node.training.device import autocast, gradient_scaler
from segmentation_node.training.init import InitialWeights, start_from
from segmentation_node.training.loss import class_weights, segmentation_loss
from segmentation_node.training.networks import build, network_entry
from segmentation_node.training.optimizer import optimizer_of
from segmentation_node.training.recipe import Recipe
from segmentation_node.training.schedule import AveragedNetwork
from segmentation_node.training.validate import validate


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Args:
        iteration: Optimiser steps done.
        iterations: Optimiser steps in all.
        loss: Of the last step.
        seconds_left: Estimate, from the steps of this process.
        miou: Scores on validation data of this step, by data set; empty where none were taken.
    """

    iteration: int
    iterations: int
    loss: float
    seconds_left: float
    miou: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """What a run learns from and is watched on.

    Args:
        sources: What each batch is made of; the first decides how the classes are weighted.
        validation: Data sets that are scored now and then.
    """

    sources: tuple[Source, ...]
    validation: tuple[Dataset, ...] = ()

    @property
    def labels(self) -> LabelSet:
        """What the network's channels mean."""
        return self.sources[0].data.labels

    def to_mapping(self) -> dict[str, int]:
        """Name and number of images of each source."""
        return {source.data.name: len(source.data) for source in self.sources}


class Training:
    """One run of a recipe on data.

    Args:
        recipe: Decides all that is not data.
        data: What to learn from.
        device: Where.
        checkpoint: File to keep the state in; None keeps none.
        initial: Weights to start from; None starts from the package's own, where there are some.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Data,
        device: torch.device,
        checkpoint: Path | None = None,
        initial: InitialWeights | None = None,
    ) -> None:
        self.recipe, self.data, self.device, self.checkpoint = recipe, data, device, checkpoint
        self.entry = network_entry(recipe.network)
        self.origin = initial.to_mapping() if initial else None
        torch.manual_seed(recipe.seed)
        network = build(recipe.network, data.labels.num_classes, pretrained=initial is None)
        if initial:
            start_from(network, self.entry, initial)
        self.network = network.to(device=device, memory_format=torch.channels_last)
        self.averaged = AveragedNetwork(self.network, recipe.averaging)
        self.optimizer = optimizer_of(
            self.network,
            recipe.optimizer,
            learning_rate=recipe.learning_rate,
            encoder_factor=recipe.encoder_factor,
            weight_decay=recipe.weight_decay,
        )
        self.scaler = gradient_scaler(device)
        self.weights = self._class_weights()
        self.iteration = 0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    @property
    def _run(self) -> dict[str, Any]:
        run = {
            "recipe": self.recipe.to_mapping(),
            "data": self.data.to_mapping(),
            "labels": self.data.labels.to_mapping(),
        }
        return {**run, "init": self.origin} if self.origin else run

    def resume(self) -> None:
        """Go on from the checkpoint.

        Raises:
            DatasetError: There is none that can be read.
            ConfigError: It is of another run.
        """
        if self.checkpoint is None:
            return
        state = load_checkpoint(self.checkpoint)
        # The file of the first weights need not be there any more.
        self.origin = state.run.get("init", self.origin)
        state.check_run(self._run)
        self.network.load_state_dict(state.network)
        self.averaged.network.load_state_dict(state.averaged)
        self.optimizer.load_state_dict(state.optimizer)
        if state.scaler:
            self.scaler.load_state_dict(state.scaler)
        self.iteration, self.history = state.iteration, state.history
        self.seconds = float(self.history[-1]["seconds"])

    def run(self, report: Callable[[Progress], None] | None = None) -> nn.Module:
        """Train to the end.

        Args:
            report: Called after each step.

        Returns:
            The averaged network, in evaluation mode.
        """
        # Time spent before an interruption counts as well.
        started, first = time.monotonic() - self.seconds, self.iteration
        before = self.seconds
        recipe = self.recipe
        batches = Batches(self.data.sources, recipe.augmentation, recipe.seed)
        for examples in batches.since(first, recipe.iterations):
            loss = self._step(examples)
            miou = self._scores()
            self.seconds = time.monotonic() - started
            per_step = (self.seconds - before) / (self.iteration - first)
            left = per_step * (recipe.iterations - self.iteration)
            self._record(loss, miou)
            if report:
                report(Progress(self.iteration, recipe.iterations, loss, left, miou))
        return self.averaged.network

    def _step(self, examples: list[Example]) -> float:
        """One optimiser step; all that is random in it comes from the seed and the iteration."""
        torch.manual_seed(self.recipe.seed + self.iteration)
        self._set_learning_rate()
        self.network.train()
        if self.iteration >= self.recipe.freeze_from:
            self.entry.freeze_early(self.network)
        images, channels = collate(examples, self.entry.mean, self.entry.std, self.device)
        loss = self._loss(images, channels)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.averaged.update(self.network, self.iteration)
        self.iteration += 1
        return float(loss.detach())

    def _loss(self, images: Tensor, channels: Tensor) -> Tensor:
        with autocast(self.device):
            logits = self.network(images)
        step = self.recipe.loss_step
        # Each pixel in its turn, so that what is left out does not pull the edges to one side.
        first = self.iteration % step
        seen = channels[:, first::step, first::step]
        recipe = self.recipe
        return segmentation_loss(logits, seen, self.weights, recipe.label_smoothing, recipe.overlap)

    def _class_weights(self) -> Tensor | None:
        exponent = self.recipe.class_exponent
        if exponent == 0:
            return None
        return class_weights(self.data.sources[0].data, exponent).to(self.device)

    def _set_learning_rate(self) -> None:
        factor = self.recipe.rate_factor(self.iteration)
        for group in self.optimizer.param_groups:
            group["lr"] = factor * group["peak"]

    def _scores(self) -> dict[str, float]:
        last = self.iteration == self.recipe.iterations
        if not last and self.iteration % self.recipe.validate_every:
            return {}
        network, rows = self.averaged.network, self.recipe.validation_rows
        return {
            data.name: validate(network, self.entry, data, self.device, rows)
            for data in self.data.validation
        }

    def _record(self, loss: float, miou: dict[str, float]) -> None:
        recipe = self.recipe
        entry: dict[str, Any] = {
            "iteration": self.iteration,
            "loss": loss,
            "learning_rate": recipe.learning_rate * recipe.rate_factor(self.iteration - 1),
            "seconds": round(self.seconds, 1),
        }
        self.history.append({**entry, "miou": miou} if miou else entry)
        last = self.iteration == recipe.iterations
        if self.checkpoint and (last or self.iteration % recipe.save_every == 0):
            save_checkpoint(self._state(), self.checkpoint)

    def _state(self) -> Checkpoint:
        return Checkpoint(
            run=self._run,
            iteration=self.iteration,
            network=self.network.state_dict(),
            averaged=self.averaged.network.state_dict(),
            optimizer=self.optimizer.state_dict(),
            history=self.history,
            scaler=self.scaler.state_dict(),
        )
