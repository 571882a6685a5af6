from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from segmentation_node.bench.precision.networks import Quantising, network
from segmentation_node.bench.precision.variants import REFERENCE, variants
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import load_model

HOW = Quantising((Path("a.png"),), ("stem",), 2, NetworkSize(64, 96), 10)
VARIANTS = {one.name: one for one in variants(("fp32",))}


def request(name):
    return HOW.request("camvid", Path("q.onnx"), VARIANTS[name])


def test_int8_is_calibrated_and_keeps_named_and_sensitive_layers_in_float():
    asked = request("int8/percentile")
    assert (asked.images, asked.limit, asked.size) == (HOW.images, 10, HOW.size)
    assert (asked.method.name, asked.sensitive, asked.exclude) == ("percentile", 2, ("stem",))


def test_int8_weights_keep_named_layers_in_float_and_see_no_images():
    asked = request("int8-weights")
    assert (asked.exclude, asked.sensitive, asked.images) == (("stem",), 0, ())


def test_fp16_is_half_throughout():
    assert (request("fp16").precision, request("fp16").exclude) == ("fp16", ())


def test_the_reference_is_the_file_itself(tmp_path):
    found = network("camvid", REFERENCE, HOW, tmp_path, lambda *step: None, print)
    assert found.path == load_model("camvid").path
    assert found.bytes == found.path.stat().st_size
    assert not list(tmp_path.iterdir())


def test_what_was_measured_is_used_again(drives, tmp_path):
    how = Quantising(tuple(sorted(drives.train.iterdir())[:2]))
    steps = []
    for _ in range(2):
        steps.append(set())
        network(
            str(drives.all),
            VARIANTS["int8/minmax"],
            how,
            tmp_path,
            lambda step, *at: steps[-1].add(step),
            print,
        )
    assert "int8/minmax: calibration" in steps[0]
    assert "int8/minmax: calibration" not in steps[1]
    assert (tmp_path / "net-int8-minmax.calibration.json").is_file()
