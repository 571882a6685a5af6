from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.drawing.sheet import PANEL_WIDTH, column, sheet

RED, BLUE = (0, 0, 255), (255, 0, 0)


def panel(color: tuple[int, int, int], height: int = 100) -> np.ndarray:
    return np.full((height, PANEL_WIDTH, 3), color, np.uint8)


def count(image: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((image == color).all(axis=-1).sum())


@pytest.mark.parametrize("columns", [1, 2, 3, 5])
def test_every_panel_is_on_the_sheet_whole(columns: int) -> None:
    stacked = [column(("a", "b"), [panel(RED), panel(BLUE)])] * columns
    image = sheet(stacked, 2, CAMVID_11, ("title", "subtitle", "panels"))
    assert count(image, RED) == count(image, BLUE) == columns * 100 * PANEL_WIDTH


def test_columns_of_several_heights_share_a_band() -> None:
    stacked = [column(("a", ""), [panel(RED, height)]) for height in (60, 90)]
    image = sheet(stacked, 2, CAMVID_11, ("title", "", ""))
    assert count(image, RED) == 150 * PANEL_WIDTH


def test_a_sheet_without_columns_is_heading_and_legend() -> None:
    assert sheet([], 4, CAMVID_11, ("title", "", "")).shape[1] == 1984
