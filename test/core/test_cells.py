from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation_node.core.cells import CellAxis, cell_grid
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.postprocess import axis_samples


@settings(deadline=None)
@given(
    mode=st.sampled_from(list(FitMode)),
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    coarse=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_cells_hold_the_samples_of_every_pixel(
    mode: FitMode, height: int, width: int, coarse: tuple[int, int]
) -> None:
    fitted = fit(mode, height, width, NetworkSize(coarse[0] * 8, coarse[1] * 8))
    grid = cell_grid(fitted, *coarse)
    canvas = fitted.canvas_height, fitted.canvas_width
    for axis, side, cells in zip(range(2), (height, width), (grid.y, grid.x), strict=True):
        samples = axis_samples(canvas[axis], coarse[axis], fitted.canvas_part[axis])
        seen = np.arange(side)[fitted.image_part[axis]]
        assert (np.flatnonzero(cells.cell_of < len(cells)) == seen).all()
        assert (cells.low[cells.cell_of[seen]] == samples.low).all()
        assert (cells.high[cells.cell_of[seen]] == samples.high).all()
        assert (weights_of(cells) == samples.weight).all()


def weights_of(cells: CellAxis) -> np.ndarray:
    return np.concatenate([cells.weight[:size, i] for i, size in enumerate(cells.size)])


def test_smaller_cells_repeat_their_last_pixel() -> None:
    grid = cell_grid(fit(FitMode.STRETCH, 30, 100, NetworkSize(64, 64)), 8, 8)
    for cells in (grid.y, grid.x):
        last = cells.first + cells.size - 1
        assert (
            cells.pixel == np.minimum(cells.first + np.arange(len(cells.pixel))[:, None], last)
        ).all()


@pytest.mark.parametrize("side", [1280, 640, 1920])
def test_pixels_beside_the_outermost_logits_do_not_widen_the_cells(side: int) -> None:
    grid = cell_grid(fit(FitMode.STRETCH, 720, side, NetworkSize(512, 1024)), 64, 128)
    assert grid.x.size.max() == np.ceil(side / 128)


def test_large_cells_are_divided_evenly() -> None:
    grid = cell_grid(fit(FitMode.STRETCH, 90, 400, NetworkSize(64, 64)), 2, 4)
    assert grid.x.low.tolist() == [0] * 4 + [0] * 7 + [1] * 7 + [2] * 7 + [3] * 4
    assert set(grid.x.size) <= {12, 13, 14, 15}
    assert (grid.x.first == np.cumsum(grid.x.size) - grid.x.size).all()


def test_corners_are_in_reading_order() -> None:
    grid = cell_grid(fit(FitMode.STRETCH, 40, 60, NetworkSize(32, 48)), 4, 6)
    inner = grid.corners.reshape(4, len(grid.y), len(grid.x))[:, 1, 1]
    assert inner.tolist() == [0, 1, 6, 7]
