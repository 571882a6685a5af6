"""Recipes: everything that decides what a training run gives, in one frozen record each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from segmentation_node.errors import ConfigError
from segmentation_node.training.augment import Augmentation
from segmentation_node.training.networks import NETWORKS
from segmentation_node.training.stills import Stills

CAMVID_NOTICE = (
    "These weights were trained on CamVid (CC BY-NC 4.0): for research and personal use only."
)


_SHARES = (
    "camvid_share",
    "scenes_after",
    "label_smoothing",
    "class_exponent",
    "averaging",
    "freeze_after",
)


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        name: Its name on the command line.
        network: One of `networks.NETWORKS`.
        licence: Licence of the weights that come out.
        notice: One sentence that users of the weights must be told; empty where there is none.
        camvid_share: Share of each batch that is CamVid, 0 to 1; the rest is rendered scenes.
        scenes_after: Share of the run, 0 to 1, after which rendered scenes join; until then CamVid
            fills the batches, which settles the encoder on real images first.
        stills: The rendered scenes.
        cycles: Optimiser steps of each cycle of the learning rate, which falls to zero in each and
            starts the next at half the peak before.
        hold_out_iterations: Optimiser steps, in one cycle, of a run that leaves a sequence out.
        batch: Images per step.
        learning_rate: Peak of the new layers' rate.
        encoder_factor: The encoder's learning rate, as a factor of it.
        weight_decay: AdamW's, of convolution weights.
        warm_up: Iterations of linear rise, in each cycle.
        label_smoothing: Share of the target spread over all classes.
        class_exponent: Weight of a class is its share of pixels to the power -exponent.
        averaging: Decay of the moving average of the weights that is scored and exported.
        freeze_after: Share of the run, 0 to 1, after which the encoder's first layers stay as they
            are: they have settled by then, and a step without them takes half the time.
        loss_step: Pixels between those that the loss looks at, along each axis.
        bias_images: Training images of each data set to which the classes' bias is fitted in the
            end (`training.class_bias`); 0 fits none.
        augmentation: Changes to the images.
        seed: Decides everything random.
        validate_every: Iterations between scores on validation images.
        save_every: Iterations between checkpoints.
    """

    name: str
    licence: str
    notice: str = ""
    network: str = "fcn4s_lite0"
    camvid_share: float = 0.0
    scenes_after: float = 0.0
    stills: Stills = field(default_factory=Stills)
    cycles: tuple[int, ...] = (1000,)
    hold_out_iterations: int = 500
    batch: int = 8
    learning_rate: float = 3e-3
    encoder_factor: float = 0.4
    weight_decay: float = 0.01
    warm_up: int = 50
    label_smoothing: float = 0.05
    class_exponent: float = 0.15
    averaging: float = 0.995
    freeze_after: float = 0.2
    loss_step: int = 2
    bias_images: int = 48
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 1
    validate_every: int = 500
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

    def _check_choice(self) -> None:
        if self.network not in NETWORKS:
            raise _bad(f"the network {self.network!r}", "one of " + ", ".join(NETWORKS))
        if (self.augmentation.crop_height | self.augmentation.crop_width) % self.multiple:
            raise _bad("a crop of another size", f"multiples of {self.multiple} pixels")
        if self.scenes_after > 0 and self.camvid_per_batch == 0:
            raise _bad(f"scenes_after {self.scenes_after}", "0 where there is no CamVid")

    def _check_counts(self) -> None:
        if self.bias_images < 0:
            raise _bad(f"bias_images {self.bias_images}", "0 or more")
        for name in (
            "hold_out_iterations",
            "batch",
            "loss_step",
            "validate_every",
            "save_every",
        ):
            if getattr(self, name) < 1:
                raise _bad(f"{name} {getattr(self, name)}", "at least 1")
        shortest = min(*self.cycles, self.hold_out_iterations)
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
    def scenes_from(self) -> int:
        """Iteration from which rendered scenes are part of the batches."""
        return round(self.iterations * self.scenes_after)

    @property
    def freeze_from(self) -> int:
        """Iteration from which the encoder's first layers stay as they are."""
        return round(self.iterations * self.freeze_after)

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


def _bad(received: str, expected: str) -> ConfigError:
    return ConfigError(received, expected, "correct the recipe")


_ALL = (
    Recipe(
        name="camvid",
        licence="CC-BY-NC-4.0",
        notice=CAMVID_NOTICE,
        camvid_share=0.625,
        scenes_after=0.1,
        freeze_after=0.06,
        cycles=(1500,),
        averaging=0.998,
    ),
    Recipe(name="rendered", licence="Apache-2.0", cycles=(450,), averaging=0.995),
)
RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _ALL})
"""The recipes of the shipped models, by name."""


def recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name in RECIPES:
        return RECIPES[name]
    raise ConfigError(f"the recipe {name!r}", "one of " + ", ".join(RECIPES), "choose one")
