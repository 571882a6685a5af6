from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from little_fcn import little_fcn
from small_network import write_network

from segmentation_node.bench.benchmark.graph_levels import LEVELS
from segmentation_node.bench.benchmark.optimisations import optimisation_rows
from segmentation_node.bench.benchmark.optimising import Optimising
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.core.geometry import NetworkSize

SIZE = NetworkSize(32, 64)
PLAN = Plan(camera=NetworkSize(72, 128), different=2, frames=5, rounds=5, warm_up=1, turn_s=0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A network that is there and one that is not, without images to calibrate on."""
    folder, said = tmp_path_factory.mktemp("optimised"), []
    path = write_network(folder, little_fcn().SerializeToString(), "net", stride=2)
    wanted = Optimising(((str(path), SIZE), (str(folder / "none.onnx"), None)))
    rows = optimisation_rows(wanted, PLAN, folder / "new", lambda *at: None, said.append)
    return SimpleNamespace(rows=rows, said=said, path=path)


def test_each_level_and_precision_has_a_row_with_size_and_time(measured):
    found = {(row["optimisation"], row["engine"].partition(" ")[0]): row for row in measured.rows}
    for level in LEVELS:
        row = found[level, "onnxruntime"]
        assert row["error"] == ""
        assert row["precision"] == "fp32"
        assert row["bytes"]["onnx"] > 0
        assert row["inference_ms"]["count"] == 5
        assert row["inference_ms"]["p50_ms"] > 0
        assert row["ratio"]["interval"] is not None
    for precision in ("fp32", "fp16", "int8-weights"):
        assert found[precision, "openvino"]["inference_ms"]["p50_ms"] > 0
    assert found["as_exported", "onnxruntime"]["ratio"]["p50"] == 1


def test_fusion_leaves_fewer_nodes_and_folding_none_more(measured):
    nodes = {row["optimisation"]: row["nodes"] for row in measured.rows if row["nodes"]}
    assert nodes["fused"] < nodes["folded"] <= nodes["as_exported"]


def test_weights_in_int8_take_less_room_than_in_fp16_than_in_fp32(measured):
    sizes = {row["optimisation"]: row["bytes"]["onnx"] for row in measured.rows if row["bytes"]}
    assert sizes["int8-weights"] < sizes["fp16"] < sizes["fp32"]
    assert sizes["fp32"] == sizes["as_exported"] == measured.path.stat().st_size


def test_int8_without_images_or_a_file_says_how_to_make_it(measured):
    (row,) = (row for row in measured.rows if row["optimisation"] == "int8")
    assert "segmentation quantize" in row["error"]
    assert row["inference_ms"] is None


def test_a_network_that_is_missing_is_a_row(measured):
    last = measured.rows[-1]
    assert "none.onnx" in last["error"]
    assert last["inference_ms"] is None


def test_engines_that_are_not_here_are_named(measured):
    engines = {row["engine"].partition(" ")[0] for row in measured.rows}
    told = " ".join(measured.said)
    assert ("tensorrt" in engines) != ("no rows of tensorrt" in told)


def test_two_networks_of_one_file_name_keep_their_own_rows_and_files(tmp_path):
    paths = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        network = little_fcn().SerializeToString()
        paths.append(str(write_network(tmp_path / name, network, "net", stride=2)))
    wanted = Optimising(tuple((path, SIZE) for path in paths))
    rows = optimisation_rows(wanted, PLAN, tmp_path / "new", lambda *at: None, lambda _: None)
    assert list(dict.fromkeys(row["model"] for row in rows)) == ["a/net", "b/net"]
    assert sorted(one.name for one in (tmp_path / "new").iterdir()) == ["a-net", "b-net"]
