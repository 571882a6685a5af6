from __future__ import annotations

import json
import subprocess
import sys

import pytest

from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.run import Wanted, benchmark
from segmentation_node.bench.benchmark.schema import read_benchmark
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import OutputError
from segmentation_node.media.images import read_image

PLAN = Plan(
    camera=NetworkSize(72, 128), different=1, frames=5, rounds=5, warm_up=0, turn_s=0, idle_s=0
)


def quiet(*words):
    """Hears progress and sentences."""


def test_figures_are_written_as_json_tables_and_a_chart(street, tried_out, tmp_path):
    wanted = Wanted((Configuration(str(street.network), precision="fp32"),), PLAN, name="bench")
    out = tmp_path / "new" / "out"
    figures = benchmark(wanted, out, quiet, quiet)
    assert read_benchmark(out / "benchmark.json") == json.loads(json.dumps(figures))
    assert (out / "benchmark.md").read_text().startswith("# Benchmark: bench\n")
    assert read_image(out / "benchmark.png").size
    assert figures["settings"]["frames"] == 5
    assert figures["versions"]["openvino"]
    (row,) = figures["rows"]
    assert row["latency_ms"]["frame"]["intervals"]["p50_ms"][0] > 0


def test_a_folder_that_cannot_be_made_is_found_before_anything_is_measured(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="give --output"):
        benchmark(Wanted((Configuration("camvid"),), PLAN), tmp_path / "file" / "out", quiet, quiet)


def test_measuring_and_reporting_need_no_packages_that_make_networks_or_charts():
    code = (
        "import sys\n"
        "for name in ('torch', 'onnx', 'onnxruntime', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        "import segmentation_node.bench.benchmark.run, segmentation_node.bench.report.run\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
