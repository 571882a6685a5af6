from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation_node.datasets import rendered
from segmentation_node.datasets.rendered import horizon_of_scene
from segmentation_node.datasets.sample import Sample
from segmentation_node.media.images import write_image
from segmentation_node.scenes.drive import Drive, render_still


@pytest.mark.parametrize("condition", ["day", "night"])
def test_the_horizon_is_the_scenes_own(tmp_path, condition):
    image, labels = render_still(1_000_003, 90, 160, condition)
    name = f"{condition}_1000003"
    write_image(tmp_path / "val" / "images" / f"{name}.jpg", image)
    write_image(tmp_path / "val" / "labels" / f"{name}.png", labels)
    data = rendered(tmp_path, "val")
    row = data.horizon(data.samples[0], 90, 160)
    assert row == Drive(1_000_003, 90, 160, condition).horizon_row
    # Nothing flat reaches above it, and the ground begins near it.
    flat = np.flatnonzero(np.isin(labels, (3, 4)).any(axis=1))
    assert row - 1 <= flat[0] < row + 20


@pytest.mark.parametrize("name", ["000017", "holiday_12", "day_x"])
def test_images_of_unknown_scenes_have_no_known_horizon(name):
    sample = Sample(name, Path("a.jpg"), Path("a.png"), "day")
    assert horizon_of_scene(sample, 90, 160) is None
