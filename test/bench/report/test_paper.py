from __future__ import annotations

from small_benchmark import benchmark, optimisation, power, row

from segmentation_node.bench.report.columns import machines_of
from segmentation_node.bench.report.paper import table_10, table_11, table_12, table_13


def optimised(name="jetson"):
    return benchmark(
        name,
        optimisations=[
            optimisation("as_exported", 40.0, "onnxruntime"),
            optimisation("fused", 30.0, "onnxruntime"),
            optimisation("bf16", 10.0, "openvino"),
            optimisation("int8-weights", 35.0, bytes={"onnx": 3_500_000, "plan": None}),
            optimisation("fp16", 5.0, "tensorrt", bytes={"onnx": 6_000_000, "plan": 7_000_000}),
            optimisation("int8", None, "tensorrt", bytes=None),
        ],
    )


def cells(table, row_name, column=None):
    """A row by the text in its first or second column, and one cell of it."""
    (found,) = (one for one in table.rows if row_name in one[:2])
    by_head = dict(zip(table.head, found, strict=True))
    return by_head if column is None else by_head[column]


def test_table_10_has_sizes_by_optimisation_and_the_papers_in_columns_that_say_so():
    table = table_10(machines_of([optimised()]))
    ours = "jetson\ncamvid\n256x512"
    assert cells(table, "quantize weights", ours) == "3.500"
    assert cells(table, "quantize weights", "FCN-8s\npublished") == "38.481"
    assert cells(table, "frozen model, no optimizations", "FCN-32s\npublished") == "140.013"
    assert cells(table, "All Optimizations", ours) == "–"
    assert cells(table, "FP16 weights and tensors: TensorRT's plan", ours) == "7.000"
    assert cells(table, "INT8 weights and activations", ours) == "–"


def test_table_11_has_a_column_for_each_engine_and_published_device():
    table = table_11(machines_of([optimised()]))
    assert cells(table, "Baseline", "jetson\ncamvid 256x512\nonnxruntime") == "40.00"
    assert cells(table, "Baseline", "desktop\nFCN-8s\npublished") == "26"
    assert cells(table, "Baseline", "Jetson TX1\nFCN-8s\npublished") == "–"
    assert cells(table, "Weight Quantized", "Jetson TX1\nFCN-16s\npublished") == "772"
    int8 = cells(table, "INT8 weights and activations")
    assert int8["jetson\ncamvid 256x512\ntensorrt"] == "failed"
    assert int8["jetson\ncamvid 256x512\nopenvino"] == "–"


def test_table_12_goes_from_the_graph_as_exported_to_the_fastest():
    table = table_12(machines_of([optimised()]))
    ours = cells(table, "jetson")
    assert (ours["baseline ms"], ours["optimised ms"]) == ("40.00 (onnxruntime)", "5.00")
    assert ours["optimised how"] == "fp16, tensorrt"
    assert ours["TensorRT ms\npublished"] == "–"
    laptop = cells(table, "laptop")
    assert (laptop["baseline ms\npublished"], laptop["TensorRT ms\npublished"]) == ("75", "34")


def test_table_12_takes_precisions_where_nothing_was_optimised():
    ours = cells(table_12(machines_of([benchmark("pc")])), "pc")
    assert (ours["baseline ms"], ours["optimised ms"]) == ("20.00 (fp32, openvino)", "10.00")
    assert ours["optimised how"] == "bf16, openvino"


def test_table_13_has_power_and_energy_or_the_words_why_not():
    rows = [row(power=power(30.0)), row("bf16")]
    table = table_13(machines_of([benchmark("pc", rows=rows)]))
    measured = cells(table, "camvid 256x512 fp32, openvino")
    assert (measured["W"], measured["Wh"]) == ("30.00", "0.3000")
    assert (measured["W idle off"], measured["Wh idle off"]) == ("20.00", "0.2000")
    missing = cells(table, "camvid 256x512 bf16, openvino")
    assert missing["measured"].startswith("not measured: no power sensor")
    desktop = cells(table, "desktop")
    assert (desktop["W\npublished"], desktop["Wh\npublished"]) == ("35.27", "0.134")
    assert desktop["W"] == "–"
