"""Finds the label image of every image where both lie in folders of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.datasets.sample import Sample
from segmentation_node.errors import DatasetError
from segmentation_node.media.images import is_listed_image, reading


@dataclass(frozen=True)
class Layout:
    """How images and labels lie under one folder, and what to say where they do not.

    Args:
        what: What the data is called in errors.
        suffixes: Endings of its images.
        fix: What to do where the folder is another.
        group: Gives a sample's group from its name.
    """

    what: str
    suffixes: tuple[str, ...]
    fix: str
    group: Callable[[str], str]

    def samples(self, folder: Path) -> tuple[Sample, ...]:
        """The samples of `folder/images` and `folder/labels`, in the order of their names.

        Raises:
            DatasetError: The folder cannot be read, or is not laid out so; the message says what
                was looked for.
        """
        images, labels = folder / "images", folder / "labels"
        with reading(folder, DatasetError):
            for wanted in (images, labels):
                if not wanted.is_dir():
                    raise self.error(folder, f"no folder {wanted.name}/ in {folder}")
            found = sorted(
                p
                for p in images.iterdir()
                if p.suffix.lower() in self.suffixes and is_listed_image(p)
            )
            # Listed once: asking for each file on its own is slow on network drives.
            labelled = {path.name for path in labels.iterdir()}
        if not found:
            raise self.error(folder, f"no {' or '.join(self.suffixes)} in {images}")
        for image in found:
            if f"{image.stem}.png" not in labelled:
                raise self.error(folder, f"no labels/{image.stem}.png for {image.name}")
        return tuple(
            Sample(image.stem, image, labels / f"{image.stem}.png", self.group(image.stem))
            for image in found
        )

    def error(self, folder: Path, received: str) -> DatasetError:
        """What to raise for a folder that is laid out otherwise."""
        name = f"NAME{self.suffixes[0]}" if len(self.suffixes) == 1 else "NAME.jpg or .png"
        return DatasetError(
            received=received,
            expected=f"{self.what} laid out as {folder}/images/{name} and {folder}/labels/NAME.png",
            fix=self.fix,
        )


def prefix(name: str) -> str:
    """What stands before the last underscore of a name; the name itself where it has none."""
    return name.rsplit("_", 1)[0]
