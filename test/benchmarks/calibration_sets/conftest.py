"""CamVid and rendered scenes at tiny size, and a network for them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from small_camvid import write_camvid
from small_network import write_network


@pytest.fixture(scope="session")
def lit(tmp_path_factory):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from little_fcn import little_fcn  # noqa: PLC0415 (it imports onnx)

    root = tmp_path_factory.mktemp("lit")
    camvid, rendered = root / "camvid", root / "rendered"
    write_camvid(camvid, "train", 6)
    write_camvid(camvid, "val", 8, ("0016E5",), first=6)
    for split in ("train", "val"):
        write_camvid(rendered, split, 4, ("day", "night", "rain"))
    data = little_fcn(classes=11).SerializeToString()
    model = write_network(root, data, labels="camvid11", stride=2)
    return SimpleNamespace(camvid=camvid, rendered=rendered, model=model)
