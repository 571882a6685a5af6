"""Which bags many inputs are, and where each goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from segmentation_node.bags.reader import is_bag
from segmentation_node.errors import MediaError, OutputError
from segmentation_node.media.images import is_listed_image, reading, writing
from segmentation_node.offline.job import Request
from segmentation_node.offline.kinds import Kind, kind_of

_RECOVERED = "lost+found"  # at the root of each ext4 disk, for root alone


def are_many_bags(sources: Sequence[Path]) -> bool:
    """Whether inputs go to a folder of bags: several of them, or a folder that holds bags.

    A folder with images in it is one of images, whatever else lies there.

    Raises:
        MediaError: The folder cannot be read.
    """
    if len(sources) != 1:
        return True
    folder = sources[0]
    with reading(folder):
        if is_bag(folder) or not folder.is_dir():
            return False
        has_images = any(map(is_listed_image, folder.iterdir()))
        return not has_images and any(True for _ in _bags_in(folder, None))


def plan(sources: Sequence[Path], wanted: Request) -> tuple[Request, ...]:
    """Say what to do for each bag.

    Args:
        sources: Bags, and folders that hold bags at any depth.
        wanted: What every bag is to get; its output is the folder that they go to.

    Returns:
        One request for each bag. Bags keep their names, and their places below a folder. Where a
        folder further down cannot be read it has a request itself: that fails as a damaged bag
        does, by name, and the others are segmented.

    Raises:
        MediaError: An input is or holds no bag or cannot be read, or two bags would go to one
            place.
        OutputError: The output is no folder or cannot be looked at, or a bag would be written over
            itself.
    """
    with writing(wanted.output):
        is_file = wanted.output.exists() and not wanted.output.is_dir()
    if is_file:
        raise OutputError(f"the file {wanted.output}", "a folder for many bags", "name a folder")
    planned: dict[Path, Request] = {}
    for source in sources:
        for bag, name in _named(source, wanted.output):
            output = wanted.output / name
            _check(bag, output, planned)
            planned[output] = replace(wanted, source=bag, output=output)
    return tuple(planned.values())


def _named(source: Path, output: Path) -> list[tuple[Path, Path]]:
    kind = kind_of(source)
    if kind is Kind.BAG:
        return [(source, Path(source.name))]
    with reading(source):
        bags = list(_bags_in(source, output)) if kind is Kind.FOLDER else []
    found = [(bag, bag.relative_to(source)) for bag in bags]
    if not found:
        raise MediaError(
            received=f"{source}, which is no bag" + " and holds none" * (kind is Kind.FOLDER),
            expected="bags and folders of bags, where there are several inputs",
            fix="give an image, a folder of images or a video alone",
        )
    return found


def _bags_in(folder: Path, output: Path | None) -> Iterator[Path]:
    """The bags at any depth, without those of earlier runs, of hidden folders and of lost+found.

    Raises:
        OSError: The folder cannot be read.
    """
    if output is not None and output.exists() and folder.samefile(output):
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == _RECOVERED:
            continue
        if is_bag(path):
            yield path
        elif path.is_dir():
            yield from _bags_below(path, output)


def _bags_below(folder: Path, output: Path | None) -> Iterator[Path]:
    """The bags of a folder further down; where it cannot be read, it stands for those in it."""
    try:
        found = list(_bags_in(folder, output))
    except OSError:
        found = [folder]
    yield from found


def _check(bag: Path, output: Path, planned: dict[Path, Request]) -> None:
    if output in planned:
        raise MediaError(
            received=f"{planned[output].source} and {bag}, which would both become {output}",
            expected="bags of different names",
            fix="give the folder that both are in, or run them apart",
        )
    with writing(output):
        is_input = output.exists() and output.samefile(bag)
    if is_input:
        raise OutputError(
            received=f"the output {output}, which is the input itself",
            expected="another folder",
            fix="choose another folder",
        )
