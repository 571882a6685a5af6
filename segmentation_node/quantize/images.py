"""The images that a network is calibrated on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize, fit
from segmentation_node.core.preprocess import preprocess
from segmentation_node.errors import MediaError
from segmentation_node.media.images import is_image, list_images, read_bytes, read_image, reading
from segmentation_node.model import Model


@dataclass(frozen=True)
class Sample:
    """An image as a network gets it.

    Args:
        input: (1, 3, h, w) float32.
        fit: How it was fitted.
    """

    input: NDArray[np.float32]
    fit: Fit

    def seen(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The part of some logits that shows the image and no padding.

        Args:
            logits: (C, h, w) float32, at any stride.

        Returns:
            (C, h', w') float32, a view.
        """
        canvas = (self.fit.canvas_height, self.fit.canvas_width)
        rows, columns = (
            slice(-(-part.start * cells // pixels), part.stop * cells // pixels)
            for part, cells, pixels in zip(
                self.fit.canvas_part, logits.shape[1:], canvas, strict=True
            )
        )
        return logits[:, rows, columns]


@dataclass(frozen=True)
class ImageSet:
    """Image files, read one at a time.

    Args:
        paths: The files, in the order of use.
    """

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    @classmethod
    def read(cls, folders: Sequence[Path], limit: int | None = None) -> ImageSet:
        """The images of one folder or more.

        Args:
            folders: They hold the images themselves; an image among them stands for itself.
            limit: Most images to take, spread evenly over all of them, so that every sequence
                keeps its share.

        Raises:
            MediaError: A folder is missing, or holds no image.
        """
        paths = [path for folder in folders for path in _images(folder)]
        return cls(_spread(paths, len(paths) if limit is None else limit))

    def part(self, limit: int) -> ImageSet:
        """Some of the images, spread evenly over all of them."""
        return ImageSet(_spread(self.paths, limit))

    def sha256(self) -> str:
        """Digest over the names and contents of the files, in their order, in hexadecimal."""
        lines = (
            f"{hashlib.sha256(read_bytes(path)).hexdigest()}  {path.name}\n" for path in self.paths
        )
        digest = hashlib.sha256()
        for line in lines:
            digest.update(line.encode())
        return digest.hexdigest()

    def samples(self, model: Model, size: NetworkSize) -> Iterator[Sample]:
        """What the network gets for each image, as in use.

        Args:
            model: Says how images are fitted and normalised.
            size: Size of the network's input.

        Raises:
            MediaError: An image cannot be read.
        """
        for path in self.paths:
            image = read_image(path)
            height, width = image.shape[:2]
            placed = fit(model.input.fit, height, width, size)
            yield Sample(preprocess(Frame.from_array(image), placed, model.input), placed)


def _spread(paths: Sequence[Path], limit: int) -> tuple[Path, ...]:
    if limit >= len(paths):
        return tuple(paths)
    return tuple(paths[(2 * i + 1) * len(paths) // (2 * limit)] for i in range(limit))


def _images(path: Path) -> tuple[Path, ...]:
    with reading(path):
        is_file, is_folder = path.is_file(), path.is_dir()
    if is_file and is_image(path):
        return (path,)
    if not is_folder:
        raise MediaError(
            received=f"no folder at {path}",
            expected="a folder of images",
            fix="give the folder that holds the images themselves",
        )
    return list_images(path)
