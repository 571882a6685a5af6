from __future__ import annotations

from pathlib import Path

import pytest
from small_bags import speckled, write_cameras
from small_network import write_network

from segmentation_node.offline.opening import Opening

CAMERA = "/front/image_raw/compressed"


@pytest.fixture
def opening(tmp_path: Path) -> Opening:
    """How to load a network of one layer."""
    folder = tmp_path / "network"
    folder.mkdir()
    return Opening(model=str(write_network(folder)), precision="fp32")


@pytest.fixture
def drives(tmp_path: Path) -> Path:
    """A folder of three bags with a camera each."""
    for name, frames in (("a.mcap", 2), ("b.db3", 3), ("deep/c", 4)):
        write_cameras(tmp_path / "drives" / name, CAMERA, frames=frames, make=speckled)
    return tmp_path / "drives"
