"""Clipped values: counted by channel, in the network's own order."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.core.clipping import ClippedShare

MEAN, STD = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)


def test_a_range_that_holds_every_pixel_clips_none() -> None:
    everything = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert ClippedShare(MEAN, STD, "rgb", 1.0)(everything) == 0.0


def test_values_on_both_sides_of_the_range_are_counted() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    expected = np.mean(np.abs((np.arange(256) - 127) / 128) > 0.5)
    assert ClippedShare(MEAN, STD, "rgb", 0.5)(levels) == pytest.approx(expected)


@pytest.mark.parametrize(("order", "share"), [("rgb", 1 / 3), ("bgr", 0.0)])
def test_channels_are_told_apart_by_the_networks_order(order: str, share: float) -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[:, :, 2] = 200
    # Only the first channel's range is too narrow for 200.
    clipped = ClippedShare((0.0, 0.0, 0.0), (100.0, 255.0, 255.0), order, 1.0)
    assert clipped(red) == pytest.approx(share)
