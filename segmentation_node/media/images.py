"""Image files and folders of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import FrameError, MediaError, OutputError, SegmentationError
from segmentation_node.files import write_whole
from segmentation_node.media.codec import decode_image, decode_labels, encode_jpeg, encode_png
from segmentation_node.media.orientation import orientation_of, turned

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".webp", ".tif", ".tiff")


def is_image(path: Path) -> bool:
    """Whether the path's ending is that of an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def is_listed_image(path: Path) -> bool:
    """Whether a file of a folder counts as one of its images: hidden files do not."""
    return is_image(path) and not path.name.startswith(".")


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file, the way up that its Exif data says, as every viewer shows it.

    Args:
        path: The file.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        MediaError: The file cannot be read, is cut short, or is no image.
    """
    try:
        data = read_bytes(path)
        return turned(decode_image(data), orientation_of(data))
    except FrameError as error:
        raise MediaError(f"{path}: {error.received}", error.expected, error.fix) from error


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Read a label image, turned as an image is.

    Args:
        path: The PNG file.

    Returns:
        (H, W) uint8 class ids.

    Raises:
        MediaError: The file cannot be read, or holds no class ids.
    """
    try:
        data = read_bytes(path)
        return turned(decode_labels(data), orientation_of(data))
    except FrameError as error:
        raise MediaError(f"{path}: {error.received}", error.expected, error.fix) from error


def read_bytes(path: Path) -> bytes:
    """Read a file as it is.

    Raises:
        MediaError: The file cannot be read.
    """
    with reading(path):
        return path.read_bytes()


def list_images(folder: Path) -> tuple[Path, ...]:
    """Return the images of a folder in the order of their names, numbers by value.

    Hidden files are left out: `._a.png` is what macOS writes beside `a.png` on other disks.

    Raises:
        MediaError: The folder holds no image, or cannot be read.
    """
    with reading(folder):
        images = sorted(filter(is_listed_image, folder.iterdir()), key=_natural)
    if not images:
        raise MediaError(
            received=f"the folder {folder} without an image",
            expected="files that end in " + ", ".join(IMAGE_SUFFIXES),
            fix="give the folder that holds the images themselves",
        )
    return tuple(images)


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a PNG or JPEG file; its folder is made where it is missing.

    Args:
        path: Where to write; the ending chooses the format.
        image: (H, W) uint8, or (H, W, 3) uint8 BGR.

    Raises:
        MediaError: The ending is neither PNG nor JPEG.
        OutputError: The file cannot be written.
    """
    write_bytes(path, _encoded(path, image))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; its folder is made where it is missing.

    Raises:
        OutputError: The file cannot be written.
    """
    write_whole(path, data, at_once=False)


@contextmanager
def reading(path: Path, kind: type[SegmentationError] = MediaError) -> Iterator[None]:
    """Translate what the system says against reading a file or a folder, or looking at it.

    Args:
        path: The input that is meant; the sentence names the file in it that is at fault.
        kind: What to raise.

    Raises:
        SegmentationError: Of that kind: it is not there, its permissions are against it, or its
            disk fails.
    """
    try:
        yield
    except OSError as error:
        raise kind(
            received=f"{error.filename or path} ({error.strerror})",
            expected="a file or folder that can be read",
            fix="check the path and its permissions",
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Translate what the system says against writing an output, or seeing whether it is there.

    Raises:
        OutputError: The place is not to be written to or looked at.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            received=f"{path} ({error.strerror})",
            expected="a place that can be written to",
            fix="choose an output folder of yours with free space",
        ) from error


def _encoded(path: Path, image: NDArray[np.uint8]) -> bytes:
    suffix = path.suffix.lower()
    if suffix == ".png":
        return encode_png(image)
    if suffix in {".jpg", ".jpeg"}:
        return encode_jpeg(image)
    raise MediaError(
        received=f"the ending {path.suffix!r} of {path}",
        expected=".png, .jpg or .jpeg",
        fix="name the output with one of these endings",
    )


def _natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which frame2 stands before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p)
