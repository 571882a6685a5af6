"""What charts have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_node.drawing.chart import along_x, beside, canvas, save
from segmentation_node.errors import OutputError
from segmentation_node.media.images import read_image


def test_a_chart_is_as_large_as_was_asked_and_stands_there_whole(tmp_path: Path) -> None:
    figure = canvas(5, 3, "Latency", "a processor, 2 cores")
    axes = figure.subplots()
    axes.barh(0, 20.0)
    beside(axes, 20.0, 0, "20.0")
    along_x(axes, "ms")
    save(tmp_path / "new" / "chart.png", figure)
    assert read_image(tmp_path / "new" / "chart.png").shape == (330, 550, 3)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["chart.png"]


def test_a_long_note_goes_on_in_further_lines_and_not_out_of_the_picture() -> None:
    figure = canvas(5, 3, "Latency", "a processor that nobody uses, " * 8)
    figure.draw_without_rendering()
    note = figure._supxlabel
    assert "\n" in note.get_text()
    assert note.get_window_extent().x1 <= figure.bbox.x1


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"chart.png \(.*\); expected a file that can be written"):
        save(tmp_path / "file" / "chart.png", canvas(1, 1, ""))
