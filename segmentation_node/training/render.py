"""Renders single scenes to a folder once, with several processes, for training and scoring.

The folder is laid out as `datasets.rendered` reads it. A manifest says what was rendered; a folder
whose manifest says the same is used again, any other is filled anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from segmentation_node import scenes
from segmentation_node.errors import DatasetError
from segmentation_node.fields import parse_json
from segmentation_node.files import write_whole
from segmentation_node.media.codec import encode_jpeg, encode_png
from segmentation_node.media.images import write_bytes
from segmentation_node.scenes.drive import render_still
from segmentation_node.training.stills import Stills

# As camera drivers send them, and a tenth of a PNG's size.
JPEG_QUALITY = 95


def render_stills(
    stills: Stills, folder: Path, progress: Callable[[int, int], None] | None = None
) -> None:
    """Render scenes to `folder/images/*.jpg` and `folder/labels/*.png`, unless they are there.

    Args:
        stills: Which scenes.
        folder: The split's folder, such as `cache/train`.
        progress: Called with the number of scenes done, and of all.

    Raises:
        DatasetError: The folder holds other images.
        OutputError: The folder cannot be written to.
    """
    manifest, path = _manifest(stills), folder / "manifest.json"
    if _read(path) == manifest:
        return
    _check_ours(folder)
    write_whole(path, json.dumps({**manifest, "complete": False}).encode())
    for name in ("images", "labels"):
        _empty(folder / name)
    render = partial(_render_one, stills, folder)
    # Spawned, not forked: forking a process that has threads (torch's, OpenCV's) can lock up.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        for done, _ in enumerate(pool.map(render, range(stills.count), chunksize=4), start=1):
            if progress:
                progress(done, stills.count)
    write_whole(path, json.dumps(manifest, indent=2).encode())


def _render_one(stills: Stills, folder: Path, index: int) -> None:
    seed, condition = stills.item(index)
    image, labels = render_still(seed, stills.height, stills.width, condition)
    name = f"{condition}_{seed:07d}"
    write_bytes(folder / "images" / f"{name}.jpg", encode_jpeg(image, JPEG_QUALITY))
    write_bytes(folder / "labels" / f"{name}.png", encode_png(labels))


def _manifest(stills: Stills) -> dict[str, Any]:
    settings = json.loads(json.dumps(asdict(stills)))
    source = {"renderer": _renderer(), "jpeg_quality": JPEG_QUALITY}
    return {**source, **settings, "complete": True}


def _renderer() -> str:
    """Fingerprint of the renderer's source: scenes of another renderer are other scenes."""
    files = sorted(Path(scenes.__path__[0]).glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _read(path: Path) -> Any:
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _check_ours(folder: Path) -> None:
    """Refuse to fill a folder that holds somebody's images."""
    if (folder / "images").exists() and "renderer" not in (_read(folder / "manifest.json") or ()):
        raise DatasetError(
            received=f"{folder}, which holds images that were not rendered",
            expected="an empty folder, or one that was rendered to before",
            fix="give another folder for the rendered scenes",
        )


def _empty(folder: Path) -> None:
    """Take out what another manifest, or a run cut short, left in a folder of ours."""
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()
