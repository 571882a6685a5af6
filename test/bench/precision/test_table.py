from __future__ import annotations

import copy

import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from segmentation_node.bench.precision.chart import draw_chart
from segmentation_node.bench.precision.table import (
    drop_text,
    markdown,
    megabytes,
    runs_in,
    tables,
)
from segmentation_node.media.images import read_image


@pytest.fixture
def figures(compared):
    return copy.deepcopy(compared.figures)


def test_every_table_says_what_its_figures_depend_on(figures):
    found = tables(figures)
    assert [table.title.split("\n")[0] for table in found] == [
        "By precision",
        "By condition: mIoU % (drop)",
        "Things by size: mean IoU %",
    ]
    for table in found:
        assert "camvid/val, 15 frames, 64x96 stretch, openvino" in table.title
        assert {len(row) for row in table.rows} == {len(table.head)}
        assert [row[0] for row in table.rows] == [row["name"] for row in figures["rows"]]


def test_a_condition_names_its_weights(figures):
    head = tables(figures)[1].head
    assert head[1].startswith("0001TP\n5 frames\nnet.onnx ")
    assert head[1].endswith(", never saw it")
    assert "never" not in head[2]


def test_without_things_there_is_no_table_of_them(figures):
    for row in figures["rows"]:
        del row["by_size"]
    assert len(tables(figures)) == 2


@pytest.mark.parametrize(
    ("drop", "text"),
    [
        ({"verdict": "within noise", "points": 0.3}, "within noise"),
        ({"verdict": "too few blocks", "points": 3.0}, "too few blocks"),
        ({"verdict": "drop", "points": 0.41}, "0.41"),
        ({"verdict": "gain", "points": -0.41}, "gains 0.41"),
    ],
)
def test_a_row_gives_the_drop_or_says_that_it_is_noise(drop, text):
    assert drop_text(drop) == text


def test_int8_says_what_the_rest_runs_in():
    assert runs_in({"precision": "int8"}, {"int8_rest": "bf16"}) == "int8 + bf16"
    assert runs_in({"precision": "fp32"}, {"int8_rest": "bf16"}) == "fp32"


@pytest.mark.parametrize(
    ("sizes", "text"),
    [([13_456_836], "13.5"), ([100_000, 110_000], "0.1"), ([1_000_000, 2_000_000], "1.0 to 2.0")],
)
def test_sizes_are_megabytes_and_a_range_where_they_differ(sizes, text):
    assert megabytes({"bytes": sizes}) == text


def test_markdown_tells_weights_calibration_and_how_intervals_were_made(figures):
    text = markdown(figures)
    assert "| 0001TP | small (net.onnx, " in text and ") | no |" in text
    assert "- weights of 0001TP: calibrated on 10 images: 10 day, 0 dusk, 0 night" in text
    assert "200 draws (seed 0) of blocks of at most 1 consecutive" in text


def test_the_chart_is_drawn_with_and_without_intervals(figures, tmp_path):
    figures["rows"][1]["drop"] |= {"verdict": "drop", "points": 3.0, "low": 2.0, "high": 4.0}
    figures["rows"][2]["drop"] |= {"verdict": "too few blocks", "low": None, "high": None}
    path = tmp_path / "chart.png"
    draw_chart(path, figures)
    assert read_image(path).shape[1] > 900
