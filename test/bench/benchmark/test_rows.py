from __future__ import annotations

import pytest
from small_camvid import write_camvid
from small_network import onnx_bytes, write_network

from segmentation_node.bench.benchmark import rows
from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.power import PowerLog
from segmentation_node.bench.benchmark.rows import Meter, measured_rows
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.datasets import camvid

PLAN = Plan(camera=NetworkSize(72, 128), different=2, frames=6, rounds=3, warm_up=1, turn_s=0)


def measure(wanted, data=None):
    with PowerLog([], 0.05) as log:
        return measured_rows(wanted, PLAN, data, Meter(log, []), lambda *at: None)


def test_what_runs_has_times_by_stage_and_what_fails_has_a_sentence(street, tried_out):
    network = str(street.network)
    wanted = [Configuration(network, precision=name) for name in ("fp32", "int8", "auto")]
    wanted.append(Configuration(network, engine="abacus"))
    found = measure(wanted, camvid(street.root, ["val"]))
    assert [row["asked"]["precision"] for row in found] == ["fp32", "int8", "auto", "auto"]
    assert [bool(row["error"]) for row in found] == [False, True, False, True]
    for row in (found[0], found[2]):
        assert set(row["latency_ms"]) == {"frame", "preprocess", "inference", "postprocess"}
        assert row["latency_ms"]["frame"]["count"] == 6
        assert row["latency_ms"]["inference"]["p50_ms"] <= row["latency_ms"]["frame"]["p99_ms"]
        assert row["throughput"]["fps"] > 0
        assert row["bytes"] == {"onnx": street.network.stat().st_size, "plan": None}
        assert row["memory"]["rss_mib"] == 100
        assert row["power"]["device"]["why_not"]
        assert row["score"]["frames"] == 3
        assert 0 <= row["score"]["miou"] <= 1
    assert found[0]["runs"]["precision"] == "fp32"
    assert found[0]["ratio"]["frame"]["p50"] == 1
    assert "quantize" in found[1]["error"]
    assert "abacus" in found[3]["error"]
    assert found[3]["latency_ms"] is None


def test_what_fails_on_its_own_is_not_opened_beside_the_others(street, monkeypatch):
    monkeypatch.setattr(rows, "try_out", lambda one, camera: {"error": "ended by SIGKILL"})
    (found,) = measure([Configuration(str(street.network))])
    assert found["error"] == "ended by SIGKILL"
    assert (found["runs"], found["memory"]) == (None, None)


def test_data_of_other_classes_take_the_score_and_not_the_times(street, tried_out, tmp_path):
    other = write_network(tmp_path, onnx_bytes(4))
    write_camvid(tmp_path, "val", frames=1)
    (found,) = measure([Configuration(str(other))], camvid(tmp_path, ["val"]))
    assert found["latency_ms"] is not None
    assert found["score"]["miou"] is None
    assert "received" in found["score"]["error"]


@pytest.mark.parametrize("sizes", [("64x96", "32x64")])
def test_ratios_are_to_the_same_network_at_the_same_size(street, tried_out, sizes):
    wanted = [
        Configuration(str(street.network), precision="fp32", size=NetworkSize.parse(size))
        for size in sizes
    ]
    assert [row["ratio"]["to"] for row in measure(wanted)] == [one.name for one in wanted]
