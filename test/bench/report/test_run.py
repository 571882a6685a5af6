from __future__ import annotations

import pytest
from small_benchmark import benchmark, failed_row, optimisation, row

from segmentation_node.bench.benchmark.schema import write_benchmark
from segmentation_node.bench.report.columns import machines_of
from segmentation_node.bench.report.run import (
    read_machines,
    report_markdown,
    report_tables,
    side_by_side,
)
from segmentation_node.errors import DatasetError


def test_machines_stand_side_by_side_and_nothing_is_dropped():
    one = benchmark("a", rows=[row(), row(), failed_row()])
    other = benchmark("b", rows=[row("bf16", 10.0, error="a lost GPU")])
    table = side_by_side(machines_of([one, other]))
    assert table.head == ("configuration", "a", "b")
    found = {cells[0]: cells[1:] for cells in table.rows}
    assert len(found) == 4
    assert found["camvid 256x512 fp32, openvino (2)"] == (
        "25.00 (22.50 to 27.50), 40.0 fps",
        "–",
    )
    assert found["camvid 256x512 fp16, auto"] == ("failed", "–")
    assert found["camvid 256x512 bf16, openvino"][1].endswith("fps, then failed")


def test_the_papers_tables_and_the_articles_are_there():
    optimised = benchmark(optimisations=[optimisation("fp32", 20.0)])
    titles = [table.title for table in report_tables(machines_of([optimised, benchmark()]))]
    starts = ["Whole frames", "Table 10", "Table 11", "Table 12", "Table 13", "The article"]
    assert all(title.startswith(start) for title, start in zip(titles, starts, strict=True))
    assert len(report_tables(machines_of([benchmark()]))) == 4


def test_the_page_says_what_the_machines_are_and_what_was_published(tmp_path):
    for name in ("a", "b"):
        write_benchmark(tmp_path / f"{name}.json", benchmark(name))
    page = report_markdown(read_machines([tmp_path / "a.json", tmp_path / "b.json"]))
    assert "- **b**: a processor, 8 cores" in page
    assert "| device | network | baseline ms |" in page
    assert "Columns that say *published*" in page


@pytest.mark.parametrize(
    "faulty",
    [
        {"machine": {}},
        {"settings": []},
        {"rows": [row(latency_ms={})]},
        {"rows": [row(throughput={"fps": "fast", "interval": None})]},
        {"rows": [row(throughput={"fps": 10**400, "interval": None})]},
        {"rows": [row(power={"sensors": [], "device": {"why_not": None}})]},
        {"optimisations": [optimisation("fp32", 20.0) | {"inference_ms": 3}]},
    ],
)
def test_a_file_that_is_faulty_inside_is_named(faulty, tmp_path):
    path = tmp_path / "a.json"
    write_benchmark(path, benchmark(**faulty))
    with pytest.raises(DatasetError, match=r"a\.json, which is faulty inside"):
        read_machines([path])
