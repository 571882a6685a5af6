from __future__ import annotations

from small_benchmark import benchmark, failed_row, optimisation, power, row

from segmentation_node.bench.benchmark.table import about, markdown, tables


def table_of(figures, title):
    (found,) = (table for table in tables(figures) if table.title.startswith(title))
    return {cells[0]: dict(zip(found.head, cells, strict=True)) for cells in found.rows}


def test_every_configuration_is_a_row_and_failures_say_why():
    error = "received no GPU; expected one; fix: add one"
    found = table_of(benchmark(rows=[row(), failed_row(error)]), "Speed")
    cells = found["camvid 256x512 fp32, openvino"]
    assert cells["p50 ms"] == "25.00 (22.50 to 27.50)"
    assert (cells["fps"], cells["MB"], cells["MiB"]) == ("40.0", "13.457", "300")
    failed = found[f"camvid 256x512 fp16, auto: {error}"]
    assert failed["p50 ms"] == "–"


def test_what_failed_on_the_way_keeps_its_figures_and_says_so():
    found = table_of(benchmark(rows=[row(error="a lost GPU")]), "Speed")
    assert found["camvid 256x512 fp32, openvino: a lost GPU"]["p99 ms"].startswith("50.00")


def test_stages_stand_beside_each_other():
    cells = table_of(benchmark(), "Latency by stage")["camvid 256x512 bf16, openvino"]
    assert cells["inference\np50 / p95 / p99 ms"] == "10.00 / 15.00 / 20.00"


def test_power_is_raw_and_above_idle_or_in_words():
    rows = [row(), row("bf16", power=power(30.0))]
    found = table_of(benchmark(rows=rows), "Power")
    missing = found["camvid 256x512 fp32, openvino"]
    assert missing["measured"] == "not measured: no power sensor that this user may read"
    cells = found["camvid 256x512 bf16, openvino"]
    assert (cells["W"], cells["W idle off"]) == ("30.00", "20.00")
    assert (cells["mJ a frame"], cells["mJ idle off"]) == ("600.0", "400.0")
    assert (cells["Wh for 1525"], cells["Wh idle off"]) == ("0.3000", "0.2000")


def test_scores_stand_where_there_are_some():
    score = {"data": "camvid/val", "frames": 101, "miou": 0.6741, "pixel_accuracy": 0.9}
    rows = [row(score=score), row("bf16", score={"miou": None, "error": "other classes"}), row()]
    found = table_of(benchmark(rows=rows), "Scores")
    assert found["camvid 256x512 fp32, openvino"]["mIoU %"] == "67.4"
    assert found["camvid 256x512 bf16, openvino: other classes"]["mIoU %"] == "–"
    assert len(found) == 2


def test_optimisations_stand_where_they_were_measured():
    rows = [
        optimisation("as_exported", 40.0, "onnxruntime"),
        optimisation("fp16", None, "tensorrt"),
    ]
    found = table_of(benchmark(optimisations=rows), "Optimisations")
    plain = found["graph as exported, nothing folded or fused"]
    assert (plain["engine"], plain["nodes"]) == ("onnxruntime", "119")
    assert plain["p50 ms"].startswith("40.00")
    (failed,) = (name for name in found if name.startswith("FP16"))
    assert "fix:" in failed
    assert not [table for table in tables(benchmark()) if table.title.startswith("Optim")]


def test_a_busy_machine_is_warned_of():
    busy = {"cores_busy_with_others": 1.5, "load_before": 2, "load_after": 2}
    assert "kept 1.5 cores busy: do not quote" in about(benchmark(other_load=busy))
    assert "do not quote" not in about(benchmark())


def test_the_page_holds_every_table_and_what_is_needed_to_read_it():
    page = markdown(benchmark(optimisations=[optimisation("bf16", 3.0)]))
    assert page.startswith("# Benchmark: workstation\n")
    for text in ("## Speed, size and memory", "## Power and energy", "section 5.5", "10 rounds"):
        assert text in page
