from __future__ import annotations

import pytest
from small_benchmark import benchmark, failed_row, optimisation, power, row

from segmentation_node.media.images import read_image

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from segmentation_node.bench.benchmark.chart import draw_charts


def test_configurations_are_drawn_with_and_without_power_and_results(tmp_path):
    rows = [row(power=power(30.0)), row("bf16", 10.0), failed_row("a long sentence " * 20)]
    draw_charts(tmp_path, benchmark(rows=rows))
    image = read_image(tmp_path / "benchmark.png")
    assert image.shape[1] > 1000
    assert len({tuple(pixel) for pixel in image[::7, ::7].reshape(-1, 3).tolist()}) > 10
    assert not (tmp_path / "optimisations.png").exists()


def test_a_chart_grows_with_its_rows(tmp_path):
    heights = []
    for count in (2, 8):
        rows = [optimisation("fp32", 3.0), *[optimisation("fp16", None)] * (count - 1)]
        draw_charts(tmp_path, benchmark(optimisations=rows))
        heights.append(read_image(tmp_path / "optimisations.png").shape[0])
    assert heights[0] < heights[1]
