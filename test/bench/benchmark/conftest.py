"""A little network with a small CamVid of its classes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from small_camvid import write_camvid
from small_network import onnx_bytes, write_network

from segmentation_node.bench.benchmark import rows


@pytest.fixture(scope="session")
def street(tmp_path_factory):
    root = tmp_path_factory.mktemp("street")
    write_camvid(root, "val", frames=1)
    path = write_network(root, onnx_bytes(11), "net", labels="camvid11")
    return SimpleNamespace(root=root, network=path)


@pytest.fixture
def tried_out(monkeypatch):
    """Trials without processes of their own, which take their time: all go well."""
    figures = {"error": "", "load_s": 1.0, "rss_mib": 100.0, "device_mib": None}
    monkeypatch.setattr(rows, "try_out", lambda one, camera: dict(figures))
    return figures
