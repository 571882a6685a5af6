"""Small data sets on disk, laid out as the readers expect: fixtures of every folder of tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_ALL
from segmentation_node.media.images import write_image


def write_split(folder: Path, names: tuple[str, ...], height: int = 64, width: int = 96) -> None:
    """Images whose pixels have the palette colour of their label: sky above, road below."""
    for index, name in enumerate(names):
        labels = np.zeros((height, width), np.uint8)
        labels[height // 2 :] = 3
        labels[height // 4 : height // 2, 8 + 8 * index : 40 + 8 * index] = 8
        labels[: height // 8] = 11
        image = CAMVID_11.palette()[labels][:, :, ::-1]
        write_image(folder / "images" / f"{name}.jpg", np.ascontiguousarray(image))
        write_image(folder / "labels" / f"{name}.png", labels)


@pytest.fixture
def camvid_like(tmp_path: Path) -> Path:
    """A folder laid out as CamVid, of three sequences in two splits."""
    root = tmp_path / "camvid"
    write_split(root / "train", ("0001TP_000001", "0006R0_000001", "0016E5_000001"))
    write_split(root / "val", ("0016E5_000002", "0016E5_000003"))
    return root


@pytest.fixture
def cityscapes_like(tmp_path: Path) -> Path:
    """A folder laid out as Cityscapes, two images of one city in each split."""
    root = tmp_path / "cityscapes"
    for split in ("train", "val"):
        for index in range(2):
            labels = np.full((64, 128), 7, np.uint8)
            labels[:24], labels[24:40, 16 * index : 64] = 23, 11
            image = np.ascontiguousarray(CITYSCAPES_ALL.palette()[labels][:, :, ::-1])
            name = f"town_{index:06d}_000019"
            write_image(root / "leftImg8bit" / split / "town" / f"{name}_leftImg8bit.png", image)
            write_image(root / "gtFine" / split / "town" / f"{name}_gtFine_labelIds.png", labels)
    return root


@pytest.fixture
def camvid_root(camvid: Path) -> Path:
    """The real CamVid; the reader's name is the fixture's too, so tests here call it the root."""
    return camvid
