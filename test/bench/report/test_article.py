from __future__ import annotations

from small_benchmark import benchmark, row

from segmentation_node.bench.report.article import article_table
from segmentation_node.bench.report.columns import machines_of


def rows_of(*rows):
    table = article_table(machines_of([benchmark("pc", rows=list(rows))]))
    return [dict(zip(table.head, cells, strict=True)) for cells in table.rows]


def test_precisions_stand_with_weights_latency_and_rate_and_the_articles_beside():
    fp32, bf16, *published = rows_of(row(), row("bf16", 10.0))
    assert (fp32["precision"], bf16["precision"]) == ("FP32, openvino", "BF16, openvino")
    assert (bf16["weights MB"], bf16["latency ms"], bf16["fps"]) == ("13.457", "10.00", "66.7")
    assert bf16["latency\npublished"] == "–"
    assert [one["platform"] for one in published] == ["Jetson TX2"] * 2 + ["Drive PX2 (dGPU)"] * 2
    # As they are printed there.
    assert published[3]["frames a second\npublished"] == "80+ FPS"
    assert published[3]["mIoU drop\npublished"] == "~0.8% - 1.2%"
    assert published[2]["mIoU drop\npublished"] == "Baseline"
    assert published[3]["latency ms"] == "–"


def test_the_drop_is_against_fp32_of_the_same_network():
    scored = [
        row(score={"miou": 0.68}),
        row("int8", score={"miou": 0.671}),
        row("bf16", score={"miou": 0.682}),
        row("fp16"),
    ]
    assert [one["mIoU drop, points"] for one in rows_of(*scored)][:4] == [
        "+0.00",
        "+0.90",
        "-0.20",
        "–",
    ]


def test_without_fp32_there_is_no_drop():
    assert rows_of(row("int8", score={"miou": 0.67}))[0]["mIoU drop, points"] == "–"
