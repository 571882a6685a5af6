from __future__ import annotations

import sys
from pathlib import Path

import pytest

from segmentation_node.bench import output
from segmentation_node.bench.output import drawing, networks_folder
from segmentation_node.errors import OutputError

CHART = "segmentation_node.bench.precision.chart"


def test_charts_are_drawn_where_matplotlib_is(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert callable(drawing(CHART, "draw_chart"))
    monkeypatch.setitem(sys.modules, CHART, None)
    with pytest.raises(OutputError, match=r"no matplotlib .*pip install matplotlib"):
        drawing(CHART, "draw_chart")


def test_networks_stay_beside_the_figures(tmp_path: Path) -> None:
    with networks_folder(tmp_path / "a" / "b") as folder:
        assert folder == tmp_path / "a" / "b" / "networks"
        assert folder.parent.is_dir()


def test_networks_that_nobody_asked_for_are_gone_at_the_end() -> None:
    with networks_folder(None) as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(OutputError, match="give --output"),
        networks_folder(tmp_path / "file" / "out"),
    ):
        pass


def test_a_folder_of_somebody_elses_is_named_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(output, "TemporaryFile", refused)
    with pytest.raises(OutputError, match=r"Permission denied.*give --output a folder of yours"):
        output.make_folder(tmp_path, "--output")
