"""How much memory a training run takes, estimated as in the paper's section 4.3.2.

Activations count twice, for the pass forward and the pass back, and parameters four times: the
weights, their gradients and the two moments of Adam. The paper charges the parameters to every
image of a batch; they are there once, and so they are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.training.recipe import Recipe
from segmentation_node.training.summary import summarise

PASSES = 2
COPIES = 4


@dataclass(frozen=True)
class TrainingMemory:
    """What a run takes, in float32: half as many bytes for activations where they are half as wide.

    Args:
        activation_bytes: Of one image, forward.
        parameter_bytes: Of the weights.
    """

    activation_bytes: int
    parameter_bytes: int

    def of_batch(self, batch: int) -> int:
        """Bytes for a batch of so many images."""
        return COPIES * self.parameter_bytes + batch * PASSES * self.activation_bytes

    def largest_batch(self, available: int) -> int:
        """Images of the largest batch that fits into so many bytes; 0 where none does."""
        room = available - self.of_batch(0)
        return max(room // (PASSES * self.activation_bytes), 0)


def training_memory(recipe: Recipe, num_classes: int) -> TrainingMemory:
    """What a run of a recipe takes.

    Args:
        recipe: Its network and the size of its crops count.
        num_classes: Channels of the logits.
    """
    size = NetworkSize(recipe.augmentation.crop_height, recipe.augmentation.crop_width)
    totals = summarise(recipe.network, size, num_classes).totals()
    return TrainingMemory(totals.activation_bytes, totals.parameter_bytes)


def fitting_batch(wanted: int, memory: TrainingMemory, available: int) -> int:
    """The batch that is wanted, or the largest that fits where that is smaller.

    Args:
        wanted: Images.
        memory: What a run takes.
        available: Bytes.

    Raises:
        ConfigError: Not one image fits.
    """
    batch = min(wanted, memory.largest_batch(available))
    if batch < 1:
        _refuse(1, memory, available, "train on a device with more memory, or in smaller crops")
    return batch


def check_batch(batch: int, memory: TrainingMemory, available: int) -> None:
    """Check that a batch fits.

    Raises:
        ConfigError: It does not; the message says what would.
    """
    if memory.of_batch(batch) > available:
        fits = memory.largest_batch(available)
        _refuse(batch, memory, available, f"give --batch {max(fits, 1)}, or --batch auto")


def _refuse(batch: int, memory: TrainingMemory, available: int, fix: str) -> NoReturn:
    raise ConfigError(
        received=f"a batch of {batch}, which takes about {_gigabytes(memory.of_batch(batch))}",
        expected=f"one that fits into the {_gigabytes(available)} that are free",
        fix=fix,
    )


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
