"""What a run is told: a recipe, where its data lie, and where to leave what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segmentation_node.datasets import Dataset, dataset
from segmentation_node.datasets.formats import FORMATS, settled_format
from segmentation_node.errors import ConfigError
from segmentation_node.training.recipe import RECIPES, Recipe

CHECKPOINT, RECORD, CURVES = "checkpoint.pt", "record.json", "curves.png"
AUTO_BATCH = "auto"


@dataclass(frozen=True)
class OwnData:
    """A data set that the user names.

    Args:
        root: Its folder.
        form: How it is laid out, one of `datasets.FORMATS`; `auto` becomes the one that it is.
    """

    root: Path
    form: str

    def __post_init__(self) -> None:
        # A frozen dataclass is filled through object.
        object.__setattr__(self, "form", settled_format(self.form, self.root))

    def split(self, name: str) -> Dataset:
        """Its split `train` or `val`."""
        return dataset(self.form, self.root, name)


@dataclass(frozen=True)
class Run:
    """A run of a recipe.

    Args:
        recipe: What to do.
        folder: Where checkpoint, model, curves and record are left.
        camvid_root: Folder of CamVid, with `train/` and `val/`; None for recipes without it.
        stills_root: Folder of rendered scenes, filled if need be; None takes `folder/stills`.
        held_out: CamVid sequence to leave out of training, and to be scored on; None trains on
            the train split.
        device: `auto`, `cpu` or `cuda`.
        own: The data of recipes that learn from the user's.
        init: File of weights to start from; None starts from what the package has.
        batch: Images per step, or `auto`: the recipe's, or as many as memory allows where that is
            fewer. None takes the recipe's.
    """

    recipe: Recipe
    folder: Path
    camvid_root: Path | None = None
    stills_root: Path | None = None
    held_out: str | None = None
    device: str = "auto"
    own: OwnData | None = None
    init: Path | None = None
    batch: str | None = None

    def __post_init__(self) -> None:
        self._check_data()
        if self.batch not in {None, AUTO_BATCH} and not _is_count(str(self.batch)):
            received = f"--batch {self.batch}"
            raise ConfigError(received, "a whole number from 1, or auto", "correct --batch")
        if self.held_out is not None and self.recipe.camvid_per_batch == 0:
            raise ConfigError(
                received=f"--hold-out {self.held_out} with the recipe {self.recipe.name!r}",
                expected="a recipe that trains on CamVid, since that is where it is left out of",
                fix="leave --hold-out away",
            )

    def _check_data(self) -> None:
        name = self.recipe.name
        if self.recipe.own_data and self.own is None:
            raise ConfigError(
                received=f"the recipe {name!r} without data",
                expected="a data set with the splits train and val",
                fix="give --data DIR and --format " + " or ".join(FORMATS),
            )
        if self.own is not None and not self.recipe.own_data:
            takers = ", ".join(recipe.name for recipe in RECIPES.values() if recipe.own_data)
            raise ConfigError(
                received=f"--data with the recipe {name!r}, which has data of its own",
                expected=f"a recipe that learns from yours: {takers}",
                fix="choose one of them, or leave --data away",
            )
        if self.recipe.camvid_per_batch > 0 and self.camvid_root is None:
            raise ConfigError(
                received=f"the recipe {name!r} without a folder of CamVid",
                expected="the folder that holds its train/ and val/",
                fix="give --camvid DIR",
            )

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


def _is_count(text: str) -> bool:
    return text.isdecimal() and int(text) > 0
