"""Checkpoints: what a run needs to go on after an interruption as if there had been none."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from segmentation_node.errors import ConfigError, DatasetError
from segmentation_node.files import write_whole

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after an iteration.

    Args:
        run: The recipe and the data of the run, as plain values; a run goes on only from its own.
        iteration: Optimiser steps done.
        network: State of the network.
        averaged: State of the averaged network, the one to export.
        optimizer: State of the optimiser.
        history: What was recorded so far.
        scaler: State of the gradient scaler; empty where there is none.
    """

    run: dict[str, Any]
    iteration: int
    network: dict[str, Any]
    averaged: dict[str, Any]
    optimizer: dict[str, Any]
    history: list[dict[str, Any]]
    scaler: dict[str, Any] = field(default_factory=dict)

    def check_run(self, run: dict[str, Any]) -> None:
        """Check that it is of a run.

        Raises:
            ConfigError: It is of another one; the message names what differs.
        """
        keys = sorted(key for key in {*run, *self.run} if run.get(key) != self.run.get(key))
        if keys:
            raise ConfigError(
                received=f"a checkpoint with another {', '.join(keys)}",
                expected="one of the same recipe and data",
                fix="train into a new folder, or go on with the recipe that it was started with",
            )


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint in one step: a kill while writing leaves the one before.

    Raises:
        OutputError: The file cannot be written.
    """
    buffer = io.BytesIO()
    state = {**vars(checkpoint), "run": json.dumps(checkpoint.run), "format": FORMAT}
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; only tensors and plain values are read, no code.

    Raises:
        DatasetError: The file is missing, damaged or foreign.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state.pop("format") != FORMAT:
            raise ValueError("another format")  # noqa: TRY301
        return Checkpoint(**{**state, "run": json.loads(state["run"])})
    except Exception as error:  # torch raises a dozen kinds for a damaged file
        raise DatasetError(
            received=f"{path} ({type(error).__name__})",
            expected="a checkpoint that `segmentation train` wrote",
            fix="check the path, or train again without --resume",
        ) from error
