from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation_node.bench.camera_images import read_frames
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.media.images import write_image

CAMERA = NetworkSize(72, 128)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for index in range(5):
        write_image(tmp_path / f"{index}.png", np.full((60, 80, 3), 40 * index, np.uint8))
    return tmp_path


def test_frames_are_taken_evenly_and_cut_to_the_cameras_shape(images: Path) -> None:
    frames = read_frames(images, CAMERA, 2)
    assert [frame.shape for frame in frames] == [(72, 128, 3)] * 2
    assert (frames[0] == read_frames(images, CAMERA, 5)[0]).all()
    assert (frames[1] == read_frames(images, CAMERA, 5)[2]).all()


def test_frames_are_rendered_where_no_folder_is_given() -> None:
    first, second = read_frames(None, CAMERA, 2)
    assert first.shape == (72, 128, 3)
    assert (first != second).any()
