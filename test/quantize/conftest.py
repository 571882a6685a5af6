"""A little network with all that placement must tell apart, on disk with images to calibrate on."""

from __future__ import annotations

from importlib.util import find_spec

import cv2
import numpy as np
import pytest
from small_network import write_network

from segmentation_node.media.images import write_image

NEEDED = "onnx", "onnxruntime"


class Skipped(pytest.Module):
    """A file of tests that cannot even be imported here."""

    def collect(self):
        missing = next(name for name in NEEDED if find_spec(name) is None)
        pytest.skip(f"{missing} is not installed", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip this folder, and say why, where quantisation cannot run."""
    if any(find_spec(name) is None for name in NEEDED):
        return Skipped.from_parent(parent, path=module_path)
    return None


@pytest.fixture(scope="session")
def fcn():
    """The network itself: see little_fcn.py."""
    from little_fcn import little_fcn  # noqa: PLC0415 (it imports onnx)

    return little_fcn()


@pytest.fixture
def model_path(fcn, tmp_path):
    """The network and its sidecar on disk."""
    folder = tmp_path / "model"
    folder.mkdir()
    return write_network(folder, fcn.SerializeToString(), classes=4, stride=2)


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of six images by day and two at dusk, of two sequences."""
    folder = tmp_path_factory.mktemp("photos")
    for index in range(8):
        write_image(folder / f"{'drive' if index < 6 else 'evening'}_{index}.png", photo(index))
    return folder


def photo(index, height=48, width=72):
    """(H, W, 3) uint8: blobs of colour around a mean luma of 130, or of 60 from index 6 on."""
    noise = np.random.default_rng(index).normal(130 if index < 6 else 60, 60, (6, 9, 3))
    coarse = np.clip(noise - noise.mean() + (130 if index < 6 else 60), 0, 255)
    return cv2.resize(coarse.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
