"""One image, or a folder of them, to label images and coloured ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import MediaError
from segmentation_node.media.images import is_image, list_images, read_image, write_image
from segmentation_node.offline.job import Request, Tally, check_free
from segmentation_node.pipeline import Segmentation


def segment_image(request: Request, tally: Tally) -> None:
    """Segment one image to `OUT.png` (class ids) and `OUT_color.png`.

    Args:
        request: Its output names a .png file, or a folder that is then given both files.
        tally: What segments and counts.

    Raises:
        MediaError: The image cannot be read, or the output's ending would damage class ids.
        OutputError: The coloured output is taken, or the outputs cannot be written.
    """
    labels_path = _labels_path(request)
    view_path = labels_path.with_name(f"{labels_path.stem}_{request.view}.png")
    # Drivers call their photographs NAME_color.png themselves: it may be the input.
    check_free(view_path)
    tally.total = 1
    result = tally.segment(partial(read_image, request.source), str(request.source))
    if result is not None:
        _write(result, {"labels": labels_path, request.view: view_path})


def segment_folder(request: Request, tally: Tally) -> None:
    """Segment a folder to `OUT/labels/NAME.png` and `OUT/color/NAME.png`.

    Args:
        request: Its output is a folder.
        tally: What segments and counts.

    Raises:
        MediaError: The folder holds no image, or two of the same name.
        OutputError: The output cannot be written.
    """
    images = list_images(request.source)
    _check_names(images)
    tally.total = len(images)
    for path in images:
        result = tally.segment(partial(read_image, path), path.name)
        if result is not None:
            names = ("labels", request.view)
            _write(result, {name: request.output / name / f"{path.stem}.png" for name in names})


def bgr(result: Segmentation) -> NDArray[np.uint8]:
    """The coloured output of a result in OpenCV's channel order: (H, W, 3) uint8 BGR."""
    colored = result.color if result.overlay is None else result.overlay
    if colored is None:
        raise ValueError("a result without colours: ask for color or overlay")
    return np.ascontiguousarray(colored[..., ::-1])


def _write(result: Segmentation, paths: Mapping[str, Path]) -> None:
    for name, path in paths.items():
        write_image(path, result.labels if name == "labels" else bgr(result))


def _labels_path(request: Request) -> Path:
    if not is_image(request.output):
        return request.output / f"{request.source.stem}.png"
    if request.output.suffix.lower() == ".png":
        return request.output
    raise MediaError(
        received=f"the output {request.output}",
        expected="a .png file: other formats change class ids",
        fix=f"name it {request.output.with_suffix('.png')}",
    )


def _check_names(images: tuple[Path, ...]) -> None:
    seen: dict[str, Path] = {}
    for path in images:
        other = seen.setdefault(path.stem, path)
        if other is not path:
            raise MediaError(
                received=f"{other.name} and {path.name}, which would both become {path.stem}.png",
                expected="images of different names",
                fix="rename one of them",
            )
