"""Results at the network's size: which pixels they have, and where these lie on the camera's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.core.geometry import FitMode, NetworkSize, Rectangle, fit
from segmentation_node.core.label_set import Label, LabelSet
from segmentation_node.core.postprocess import labels_of
from segmentation_node.core.window import Window, at_network_size

SIDE = st.integers(1, 400)
LABELS = LabelSet("four", tuple(Label(i, str(i), (i, i, i)) for i in range(4)))


def test_at_camera_size_a_result_is_the_image() -> None:
    fitted = fit("letterbox", 720, 1280, NetworkSize(512, 1024))
    assert Window.of(fitted, fitted) == Window(720, 1280, 720, 1280)
    assert Window.of(fitted, fitted).is_image


def test_a_part_of_the_image_at_its_own_scale_is_not_the_image() -> None:
    fitted = fit("crop", 120, 96, NetworkSize(64, 96))
    window = Window.of(fitted, at_network_size(fitted))
    assert (window.scale_x, window.scale_y) == (1, 1)
    assert not window.is_image
    assert not Window(120, 96, 64, 96).is_image


def test_stretched_the_whole_input_is_the_result() -> None:
    fitted = fit("stretch", 720, 1280, NetworkSize(256, 512))
    window = Window.of(fitted, at_network_size(fitted))
    assert window == Window(720, 1280, 256, 512, 0, 0, 2.5, 720 / 256)
    assert not window.is_image


def test_padding_is_left_out() -> None:
    fitted = fit("letterbox", 720, 1280, NetworkSize(512, 1024))  # 80 camera pixels on each side
    window = Window.of(fitted, at_network_size(fitted))
    assert (window.height, window.width) == (512, 910)
    assert window.scale_x == window.scale_y == 1.40625
    # The first pixel with its centre on the image: 57 * 1.40625 = 80.16 from the canvas's edge.
    assert (window.x, window.y) == (pytest.approx(0.15625), 0)


def test_a_crop_and_a_region_begin_where_they_lie_on_the_image() -> None:
    fitted = fit("crop", 720, 1280, NetworkSize(512, 1024))
    assert Window.of(fitted, at_network_size(fitted)).y == 40
    region = fit("stretch", 720, 1280, NetworkSize(64, 96), Rectangle(100, 300, 960, 320))
    window = Window.of(region, at_network_size(region))
    assert (window.x, window.y, window.height, window.width) == (100, 300, 64, 96)
    assert (window.scale_x, window.scale_y) == (10, 5)


@given(st.sampled_from(list(FitMode)), SIDE, SIDE, SIDE, SIDE)
def test_the_result_is_what_of_the_network_input_shows_image(
    mode: FitMode, height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit(mode, height, width, NetworkSize(net_height, net_width))
    result = at_network_size(fitted)
    window = Window.of(fitted, result)
    for size, start, scale, part, limit in (
        (window.height, window.y, window.scale_y, fitted.image_part[0], net_height),
        (window.width, window.x, window.scale_x, fitted.image_part[1], net_width),
    ):
        assert 1 <= size <= limit
        first, last = start + 0.5 * scale, start + (size - 0.5) * scale
        if size > 1:  # a sliver of an image may lie between two centres
            assert part.start - 1e-6 <= first
            assert last <= part.stop + 1e-6
        assert first - scale < part.start + 1e-6 or size == limit
        assert last + scale > part.stop - 1e-6 or size == limit
    assert result.covers_image


@pytest.mark.parametrize("mode", list(FitMode))
def test_labels_at_network_size_are_those_of_an_image_of_that_size(mode: FitMode) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (4, 8, 12)).astype(np.float32)
    result = at_network_size(fit(mode, 97, 211, NetworkSize(64, 96)))
    whole = fit("stretch", 64, 96, NetworkSize(64, 96))
    wanted = labels_of(logits, whole, LABELS)[result.canvas_part]
    np.testing.assert_array_equal(labels_of(logits, result, LABELS), wanted)
