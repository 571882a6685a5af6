from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core import mixed_cells
from segmentation_node.core.cells import cell_grid
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.core.mixed_cells import MixedCells
from segmentation_node.core.postprocess import labels_of

FIT = fit(FitMode.STRETCH, 90, 123, NetworkSize(64, 96))


@pytest.mark.parametrize("at_once", [1, 500, 2**20])
def test_cells_are_labelled_alike_in_pieces_of_any_size(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixed_cells, "_PIXELS_AT_ONCE", at_once)
    logits = np.random.default_rng(0).normal(size=(11, 8, 12)).astype(np.float32)
    grid = cell_grid(FIT, 8, 12)
    out = np.zeros((90, 123), np.uint8)
    MixedCells(grid, CAMVID_11.id_of_channel, 123).label(
        logits.reshape(11, -1),
        logits.argmax(axis=0).astype(np.uint8).reshape(-1),
        np.arange(grid.corners.shape[1]),
        np.float32(1e-5),
        out,
    )
    assert (out == labels_of(logits, FIT, CAMVID_11)).all()


def test_only_the_pixels_of_the_given_cells_are_written() -> None:
    logits = np.random.default_rng(0).normal(size=(11, 8, 12)).astype(np.float32)
    grid = cell_grid(FIT, 8, 12)
    out = np.full((90, 123), 99, np.uint8)
    cell = 4 * len(grid.x) + 5
    MixedCells(grid, CAMVID_11.id_of_channel, 123).label(
        logits.reshape(11, -1),
        logits.argmax(axis=0).astype(np.uint8).reshape(-1),
        np.array([cell]),
        np.float32(1e-5),
        out,
    )
    mine = (grid.y.cell_of == 4)[:, None] & (grid.x.cell_of == 5)
    assert (out[mine] == labels_of(logits, FIT, CAMVID_11)[mine]).all()
    assert (out[~mine] == 99).all()


@pytest.mark.parametrize("tolerance", [1e-5, 0.5, 100.0])
def test_a_larger_tolerance_costs_time_and_nothing_else(tolerance: float) -> None:
    logits = np.random.default_rng(1).normal(size=(11, 8, 12)).astype(np.float32)
    grid = cell_grid(FIT, 8, 12)
    out = np.zeros((90, 123), np.uint8)
    MixedCells(grid, CAMVID_11.id_of_channel, 123).label(
        logits.reshape(11, -1),
        logits.argmax(axis=0).astype(np.uint8).reshape(-1),
        np.arange(grid.corners.shape[1]),
        np.float32(tolerance),
        out,
    )
    assert (out == labels_of(logits, FIT, CAMVID_11)).all()
