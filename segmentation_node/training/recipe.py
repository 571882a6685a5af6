"""Recipes: everything that decides what a training run gives, in one frozen record each."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from segmentation_node.errors import ConfigError, meant
from segmentation_node.model.contract import TEMPERATURES
from segmentation_node.training.augment import Augmentation
from segmentation_node.training.networks import NETWORKS
from segmentation_node.training.optimizer import OPTIMIZERS
from segmentation_node.training.schedule import SCHEDULES, learning_rate_factor, step_factor
from segmentation_node.training.stills import Stills
from segmentation_node.training.validate import MOST_ROWS

CAMVID_NOTICE = (
    "These weights were trained on CamVid (CC BY-NC 4.0): for research and personal use only."
)


_SHARES = (
    "camvid_share",
    "hold_out_share",
    "label_smoothing",
    "class_exponent",
    "averaging",
    "freeze_after",
    "drop_after",
)
_COUNTS = (
    "batch",
    "loss_step",
    "validate_every",
    "validation_rows",
    "save_every",
)


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        name: Its name on the command line.
        network: One of `networks.NETWORKS`.
        licence: Licence of the weights that come out.
        notice: One sentence that users of the weights must be told; empty where there is none.
        own_data: Whether it learns from data that the user names (`--data`), and from nothing else.
        camvid_share: Share of each batch that is CamVid, 0 to 1; the rest is rendered scenes.
        late_camvid_share: The same for the last cycle, 0 to 1; None goes on as before. Scenes
            teach much while the network knows little, and pull it away from photographs later.
        stills: The rendered scenes.
        optimizer: One of `optimizer.OPTIMIZERS`.
        schedule: How the learning rate moves, one of `schedule.SCHEDULES`.
        cycles: Optimiser steps of each cycle of the learning rate. With `cosine` it falls to zero
            in each and starts the next at half the peak before.
        epochs: Passes over the training images, in one cycle; 0 goes by `cycles`.
        drop_after: With `step`, the share of the run, 0 to 1, after which the rate is a tenth.
        hold_out_share: Share of each cycle that a run goes through which leaves a sequence out.
        batch: Images per step.
        learning_rate: Peak of the new layers' rate.
        encoder_factor: The encoder's learning rate, as a factor of it.
        weight_decay: The optimiser's, of convolution weights.
        warm_up: Iterations of linear rise, in each cycle.
        label_smoothing: Share of the target spread over all classes.
        overlap: Weight of the missing overlap (`loss.missing_overlap`) beside the cross entropy.
        class_exponent: Weight of a class is its share of pixels to the power -exponent.
        averaging: Decay of the moving average of the weights that is scored and exported.
        freeze_after: Share of the run, 0 to 1, after which the encoder's first layers stay as they
            are: they have settled by then, and a step without them takes half the time.
        loss_step: Pixels between those that the loss looks at, along each axis.
        bias_images: Training images of each data set to which the classes' bias is fitted in the
            end (`training.class_bias`); 0 fits none.
        temperature: What the logits are divided by before the softmax of the confidence; fitted
            once (`segmentation temperature`), on drives that runs of the recipe left out.
        augmentation: Changes to the images.
        seed: Decides everything random.
        validate_every: Iterations between scores on validation images.
        validation_rows: Pixels; validation images that are higher are reduced to this height.
        save_every: Iterations between checkpoints.
    """

    name: str
    licence: str
    notice: str = ""
    network: str = "fcn4s_lite0"
    own_data: bool = False
    camvid_share: float = 0.0
    late_camvid_share: float | None = None
    stills: Stills = field(default_factory=Stills)
    optimizer: str = "adamw"
    schedule: str = "cosine"
    cycles: tuple[int, ...] = (1000,)
    epochs: int = 0
    drop_after: float = 0.5
    hold_out_share: float = 0.5
    batch: int = 8
    learning_rate: float = 3e-3
    encoder_factor: float = 0.4
    weight_decay: float = 0.01
    warm_up: int = 50
    label_smoothing: float = 0.05
    overlap: float = 1.0
    class_exponent: float = 0.15
    averaging: float = 0.995
    freeze_after: float = 0.2
    loss_step: int = 2
    bias_images: int = 48
    temperature: float = 1.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 1
    validate_every: int = 600
    validation_rows: int = MOST_ROWS
    save_every: int = 50

    def __post_init__(self) -> None:
        self._check_choice()
        self._check_counts()
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise _bad(f"{name} {getattr(self, name)}", "a value from 0 to 1")
        for name in ("learning_rate", "encoder_factor"):
            if getattr(self, name) <= 0:
                raise _bad(f"{name} {getattr(self, name)}", "a value above 0")

        if self.overlap < 0:
            raise _bad(f"overlap {self.overlap}", "0 or more")
        low, high = TEMPERATURES
        if not low <= self.temperature <= high:
            raise _bad(f"temperature {self.temperature}", f"{low:g} to {high:g}")

    def _check_choice(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise _bad(f"the {name} {getattr(self, name)!r}", "one of " + ", ".join(known))
        if self.loss_step > NETWORKS[self.network].stride:
            raise _bad(f"loss_step {self.loss_step}", "no more than the stride of the logits")
        if (self.augmentation.crop_height | self.augmentation.crop_width) % self.multiple:
            raise _bad("a crop of another size", f"multiples of {self.multiple} pixels")
        late = self.late_camvid_share
        if late is not None and not (0 < late <= 1 and self.camvid_share > 0):
            raise _bad(f"late_camvid_share {late}", "above 0, up to 1, after a share above 0")

    def _check_counts(self) -> None:
        for name in ("bias_images", "epochs"):
            if getattr(self, name) < 0:
                raise _bad(f"{name} {getattr(self, name)}", "0 or more")
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise _bad(f"{name} {getattr(self, name)}", "at least 1")
        shortest = min(self.cycles)
        if not 0 <= self.warm_up <= shortest:
            raise _bad(f"warm_up {self.warm_up}", f"0 to {shortest} iterations, those of a cycle")

    @property
    def iterations(self) -> int:
        """Optimiser steps."""
        return sum(self.cycles)

    @property
    def multiple(self) -> int:
        """Pixels; inputs of the network are multiples of it."""
        return NETWORKS[self.network].multiple

    @property
    def camvid_per_batch(self) -> int:
        """Images of CamVid in each batch."""
        return round(self.batch * self.camvid_share)

    @property
    def late_camvid(self) -> int | None:
        """Images of CamVid in each batch of the last cycle; None where they stay as many."""
        share = self.late_camvid_share
        return None if share is None else round(self.batch * share)

    @property
    def last_cycle(self) -> int:
        """Iteration with which the last cycle begins."""
        return self.iterations - self.cycles[-1]

    def for_hold_out(self) -> Recipe:
        """The recipe of a run that leaves a sequence out: the same, with shorter cycles."""
        share = self.hold_out_share
        return replace(self, cycles=tuple(max(round(share * length), 1) for length in self.cycles))

    def of_length(self, steps: int | None = None, epochs: int | None = None) -> Recipe:
        """The recipe with another length; its cycles and its warm-up keep their shares of it.

        Args:
            steps: Optimiser steps.
            epochs: Passes over the training images, in one cycle.

        Raises:
            ConfigError: Both are given, or one is below 1.
        """
        if steps is not None and epochs is not None:
            raise ConfigError(f"{steps} steps and {epochs} epochs", "one of both", "leave one out")
        if epochs is not None:
            if epochs < 1:
                raise ConfigError(f"{epochs} epochs", "1 or more", "correct --epochs")
            return replace(self, epochs=epochs)
        if steps is None:
            return self
        if steps < len(self.cycles):
            raise ConfigError(
                received=f"{steps} steps for a recipe of {len(self.cycles)} cycles",
                expected=f"{len(self.cycles)} or more",
                fix="correct --steps",
            )
        share = steps / self.iterations
        cycles = [max(1, round(share * length)) for length in self.cycles[1:]]
        cycles.insert(0, max(1, steps - sum(cycles)))
        warm_up = min(round(share * self.warm_up), self.warm_up, *cycles)
        return replace(self, epochs=0, cycles=tuple(cycles), warm_up=warm_up)

    @property
    def freeze_from(self) -> int:
        """Iteration from which the encoder's first layers stay as they are."""
        return round(self.iterations * self.freeze_after)

    def for_images(self, count: int) -> Recipe:
        """The recipe with its epochs as steps, where it goes by epochs.

        Args:
            count: Training images.
        """
        if self.epochs == 0:
            return self
        return replace(self, cycles=(max(math.ceil(self.epochs * count / self.batch), 1),))

    def rate_factor(self, iteration: int) -> float:
        """Factor of the peak learning rate in an iteration (from 0)."""
        if self.schedule == "step":
            return step_factor(iteration, self.iterations, self.drop_after)
        return learning_rate_factor(iteration, self.cycles, self.warm_up)

    @property
    def model_name(self) -> str:
        """Name of the model that comes out."""
        return f"{self.network.replace('_', '-')}-{self.name}"

    def to_mapping(self) -> dict[str, Any]:
        """The recipe as plain numbers, strings and mappings."""
        mapping = {**asdict(self), "iterations": self.iterations, "cycles": list(self.cycles)}
        mapping["augmentation"]["pad"] = list(self.augmentation.pad)
        mapping["stills"]["conditions"] = list(self.stills.conditions)
        return mapping


_CHOICES: Mapping[str, Collection[str]] = MappingProxyType(
    {"network": NETWORKS, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}
)


def _bad(received: str, expected: str) -> ConfigError:
    return ConfigError(received, expected, "correct the recipe")


# The paper scales the images of Cityscapes to this size and changes nothing else about them.
_PAPER_SIZE = (256, 512)
OWN_DATA = "that of the training data"


def _classic(name: str, network: str, learning_rate: float) -> Recipe:
    """Training as in the paper's section 4.3, for a network of its kind.

    Adam from `learning_rate`, a tenth of it after half of about 50 epochs, batches of 10, cross
    entropy over all pixels with one of the data's labels, no changes to the images.
    """
    height, width = _PAPER_SIZE
    red, green, blue = NETWORKS[network].pad
    still = Augmentation(
        crop_height=height,
        crop_width=width,
        height=height,
        scale_low=1.0,
        scale_high=1.0,
        aspect=0.0,
        rotation_deg=0.0,
        flip=0.0,
        color=0.0,
        darkness=0.0,
        degradation=0.0,
        pad=(blue, green, red),
    )
    return Recipe(
        name=name,
        licence=OWN_DATA,
        network=network,
        own_data=True,
        optimizer="adam",
        schedule="step",
        epochs=50,
        batch=10,
        learning_rate=learning_rate,
        encoder_factor=1.0,
        weight_decay=0.0,
        warm_up=0,
        label_smoothing=0.0,
        overlap=0.0,
        class_exponent=0.0,
        averaging=0.0,
        freeze_after=1.0,
        loss_step=1,
        bias_images=0,
        augmentation=still,
        validate_every=1000,
        validation_rows=height,
        save_every=250,
    )


_ALL = (
    Recipe(
        name="camvid",
        licence="CC-BY-NC-4.0",
        notice=CAMVID_NOTICE,
        camvid_share=0.5,
        late_camvid_share=0.75,
        freeze_after=0.2,
        cycles=(1800, 900, 1350),
        averaging=0.997,
        # Fitted on 30 frames of each drive left out: 1.08 on 0001TP, 1.03 on 0006R0, 1.06 on
        # 0016E5. On drives that it learns from it would be less, which is too sure for others.
        temperature=1.05,
    ),
    Recipe(name="rendered", licence="Apache-2.0", cycles=(350,), averaging=0.99),
    Recipe(name="own", licence=OWN_DATA, own_data=True, cycles=(1500,), averaging=0.998),
    # Section 4.3.1: FCN-16s and FCN-32s at ten and a hundred times the rate found for FCN-8s.
    _classic("paper_fcn8s", "fcn8s", 1e-4),
    _classic("paper_fcn16s", "fcn16s", 1e-3),
    _classic("paper_fcn32s", "fcn32s", 1e-2),
    # The article does not say how it trained.
    _classic("fcn_alexnet", "fcn_alexnet", 1e-4),
)
RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _ALL})
"""The recipes by name: the shipped models' first."""


def recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name in RECIPES:
        return RECIPES[name]
    raise ConfigError(f"the recipe {name!r}", "one of " + ", ".join(RECIPES), meant(name, RECIPES))
