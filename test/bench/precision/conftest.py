"""One whole comparison at tiny size that several tests look at: weights of their own for dusk."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from small_camvid import write_camvid
from small_network import write_network


@pytest.fixture(scope="session")
def drives(tmp_path_factory):
    """A small CamVid with train and val, and two networks of its eleven classes."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from little_fcn import little_fcn  # noqa: PLC0415 (it imports onnx)

    root = tmp_path_factory.mktemp("drives")
    write_camvid(root, "train")
    write_camvid(root, "val", first=5)
    networks = {}
    for seed, name in enumerate(("all", "undusked")):
        folder = root / name
        folder.mkdir()
        data = little_fcn(seed, classes=11).SerializeToString()
        networks[name] = write_network(folder, data, "net", labels="camvid11", stride=2)
    return SimpleNamespace(root=root, train=root / "train" / "images", **networks)


@pytest.fixture(scope="session")
def compared(drives, tmp_path_factory):
    """Its figures, the folder that they were written to, and what was said meanwhile."""
    from segmentation_node.bench.precision.bootstrap import Resampling  # noqa: PLC0415
    from segmentation_node.bench.precision.run import Wanted, compare  # noqa: PLC0415
    from segmentation_node.datasets import camvid  # noqa: PLC0415

    wanted = Wanted(
        camvid(drives.root, ["val"]),
        (str(drives.all), f"0001TP={drives.undusked}"),
        (drives.train,),
        resampling=Resampling(block=1, resamples=200),
    )
    out, said, steps = tmp_path_factory.mktemp("precision") / "new", [], set()
    figures = compare(wanted, out, lambda step, *at: steps.add(step), said.append)
    return SimpleNamespace(figures=figures, out=out, said=said, steps=steps, wanted=wanted)
