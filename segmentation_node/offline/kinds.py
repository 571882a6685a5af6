"""What a path holds: an image, a folder of images, a video or a bag."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from segmentation_node.bags.reader import is_bag
from segmentation_node.errors import MediaError
from segmentation_node.media.images import IMAGE_SUFFIXES, is_image, reading
from segmentation_node.media.video import VIDEO_SUFFIXES, is_video


class Kind(str, Enum):
    """A kind of input, which is also the kind of its output."""

    IMAGE = "image"
    FOLDER = "folder"
    VIDEO = "video"
    BAG = "bag"


def kind_of(path: Path) -> Kind:
    """Tell what a path holds, by its ending and by what lies there.

    Raises:
        MediaError: There is nothing, nothing that one may look at, or a file of a kind that nobody
            here reads.
    """
    with reading(path):
        exists, is_folder = path.exists(), path.is_dir()
    if not exists:
        raise _unusable(path, "which does not exist", "check the path")
    if is_bag(path):
        return Kind.BAG
    if is_folder:
        return Kind.FOLDER
    if is_image(path):
        return Kind.IMAGE
    if is_video(path):
        return Kind.VIDEO
    raise _unusable(path, f"with the ending {path.suffix!r}", "convert it to one of these")


def _unusable(path: Path, what: str, fix: str) -> MediaError:
    endings = ", ".join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES, ".mcap", ".db3"))
    return MediaError(
        received=f"{path}, {what}",
        expected=f"a file that ends in {endings}, a folder of images, or a bag",
        fix=fix,
    )
