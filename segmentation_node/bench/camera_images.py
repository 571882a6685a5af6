"""The camera images that something is timed on: of a folder, or of a rendered drive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.preprocess import resize_to_network
from segmentation_node.media.images import list_images, read_image

_APART = 10
"""Frames of the rendered drive between two that are taken."""


def read_frames(folder: Path | None, size: NetworkSize, limit: int) -> list[NDArray[np.uint8]]:
    """Take images evenly from a folder, or rendered ones, at one camera size.

    Args:
        folder: Folder of images; None to render a drive.
        size: Height and width in pixels of the camera.
        limit: Largest number of images.

    Returns:
        (H, W, 3) uint8 BGR images.

    Raises:
        MediaError: The folder holds no image, or one cannot be read.
    """
    if folder is None:
        return list(_rendered(size, limit))
    paths = list_images(folder)
    chosen = [paths[len(paths) * i // limit] for i in range(limit)] if limit < len(paths) else paths
    return [_resized(read_image(path), size) for path in chosen]


def _rendered(size: NetworkSize, count: int) -> Iterator[NDArray[np.uint8]]:
    from segmentation_node.scenes import Drive  # noqa: PLC0415 - only where no folder is given

    drive = Drive(1, size.height, size.width)
    for index in range(count):
        yield drive.frame(index * _APART)[0]


def _resized(image: NDArray[np.uint8], size: NetworkSize) -> NDArray[np.uint8]:
    how = fit(FitMode.CROP, image.shape[0], image.shape[1], size)
    return np.ascontiguousarray(resize_to_network(image, how, (0, 0, 0)))
