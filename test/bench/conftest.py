"""A small Cityscapes, networks for it, and one whole evaluation that several tests look at."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from small_cityscapes import write_cityscapes
from small_network import onnx_bytes, write_network

from segmentation_node.bench.evaluation import PARTS, Evaluation
from segmentation_node.datasets import cityscapes
from segmentation_node.pipeline import Segmenter


@pytest.fixture(scope="session")
def cityscapes_root(tmp_path_factory) -> Path:
    return write_cityscapes(tmp_path_factory.mktemp("cityscapes"))


@pytest.fixture(scope="session")
def cityscapes_networks(tmp_path_factory) -> dict[str, Path]:
    """Networks of one convolution, whose answers are wrong but of many classes."""
    folder = tmp_path_factory.mktemp("networks")
    return {
        labels: write_network(folder, onnx_bytes(channels), name=labels, labels=labels)
        for labels, channels in (("cityscapes19", 19), ("cityscapes_all", 35), ("camvid11", 11))
    }


@pytest.fixture(scope="session")
def cityscapes_score(cityscapes_root, cityscapes_networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "new"
    wanted = Evaluation(cityscapes(cityscapes_root, "val"), PARTS, pictures=folder)
    with Segmenter.load(cityscapes_networks["cityscapes19"], precision="fp32") as segmenter:
        return SimpleNamespace(mapping=wanted.score(segmenter), folder=folder)
