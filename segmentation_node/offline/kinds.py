"""What a path holds: an image, a folder of images, a video or a bag."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from segmentation_node.bags.faults import other_form
from segmentation_node.bags.reader import FILE_SUFFIXES, is_bag
from segmentation_node.errors import MediaError, OutputError
from segmentation_node.media.images import IMAGE_SUFFIXES, is_image, is_listed_image, reading
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
    form = other_form(path)
    if form is not None and not (is_folder and _has_images(path)):
        raise _unusable(path, form[0], f"run: {form[1]}")
    if is_folder:
        return Kind.FOLDER
    if is_image(path):
        return Kind.IMAGE
    if is_video(path):
        return Kind.VIDEO
    raise _unusable(path, f"with the ending {path.suffix!r}", "convert it to one of these")


def _has_images(folder: Path) -> bool:
    with reading(folder):
        return any(is_listed_image(path) for path in folder.iterdir())


def check_ending(kind: Kind, output: Path) -> None:
    """Refuse an output whose ending is that of another kind: nothing is converted.

    Args:
        kind: Kind of the input. Of a folder, and of many bags, the output is a folder.
        output: Where the results are to go.

    Raises:
        OutputError: The ending says another kind.
    """
    endings = {Kind.IMAGE: IMAGE_SUFFIXES, Kind.VIDEO: VIDEO_SUFFIXES, Kind.BAG: FILE_SUFFIXES}
    suffix = output.suffix.lower()
    said = next((one for one, known in endings.items() if suffix in known), None)
    if said not in {None, kind} and not output.is_dir():
        wanted = {
            Kind.IMAGE: "a .png file, or a folder",
            Kind.FOLDER: "a folder",
            Kind.VIDEO: "an .mp4 file",
            Kind.BAG: "a new folder, or a .mcap or .db3 file",
        }
        raise OutputError(
            received=f"the output {output} for {_ARTICLE[kind]}",
            expected=f"{wanted[kind]}: the output is of the input's kind",
            fix="correct the ending",
        )


_ARTICLE = {
    Kind.IMAGE: "an image",
    Kind.FOLDER: "a folder, or several bags",
    Kind.VIDEO: "a video",
    Kind.BAG: "a bag",
}


def _unusable(path: Path, what: str, fix: str) -> MediaError:
    endings = ", ".join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES, ".mcap", ".db3"))
    return MediaError(
        received=f"{path}, {what}",
        expected=f"a file that ends in {endings}, a folder of images, or a bag",
        fix=fix,
    )
