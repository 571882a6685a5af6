from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.preprocess import (
    normalise,
    place_on_canvas,
    preprocess,
    resize_to_network,
)
from segmentation_node.errors import FrameError

PAD = (1, 2, 3)
SIDE = st.integers(1, 40)


@dataclass(frozen=True)
class Values:
    mean: tuple[float, float, float] = (100.0, 50.0, 25.0)
    std: tuple[float, float, float] = (1.0, 2.0, 4.0)
    order: str = "rgb"
    pad_bgr: tuple[int, int, int] = PAD


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * 1000 + width).integers(
        4, 256, (height, width, 3), np.uint8
    )


@given(st.sampled_from(list(FitMode)), SIDE, SIDE, SIDE, SIDE)
def test_canvas_holds_the_image_where_it_belongs_and_padding_elsewhere(
    mode: FitMode, height: int, width: int, net_height: int, net_width: int
) -> None:
    image = noise(height, width)
    fitted = fit(mode, height, width, NetworkSize(net_height, net_width))
    canvas = place_on_canvas(image, fitted, PAD)
    assert canvas.shape == (fitted.canvas_height, fitted.canvas_width, 3)
    assert (canvas[fitted.canvas_part] == image[fitted.image_part]).all()
    outside = np.ones(canvas.shape[:2], bool)
    outside[fitted.canvas_part] = False
    assert (canvas[outside] == PAD).all()


@pytest.mark.parametrize("mode", ["stretch", "crop"])
def test_nothing_is_copied_where_no_padding_is_needed(mode: str) -> None:
    image = noise(30, 50)
    canvas = place_on_canvas(image, fit(mode, 30, 50, NetworkSize(32, 32)), PAD)
    assert np.shares_memory(canvas, image)


@pytest.mark.parametrize("mode", list(FitMode))
def test_outputs_are_written_where_they_are_asked_for(mode: FitMode) -> None:
    image, fitted = noise(30, 50), fit(mode, 30, 50, NetworkSize(32, 64))
    canvas = np.zeros((fitted.canvas_height, fitted.canvas_width, 3), np.uint8)
    assert place_on_canvas(image, fitted, PAD, canvas) is canvas
    assert (canvas == place_on_canvas(image, fitted, PAD)).all()
    resized = np.zeros((32, 64, 3), np.uint8)
    assert resize_to_network(image, fitted, PAD, resized) is resized
    assert (resized == resize_to_network(image, fitted, PAD)).all()


def test_an_image_at_the_networks_own_size_is_not_changed() -> None:
    image = noise(32, 64)
    fitted = fit("letterbox", 32, 64, NetworkSize(32, 64))
    assert (resize_to_network(image, fitted, PAD) == image).all()


def test_letterbox_at_scale_one_only_adds_the_padding() -> None:
    image = noise(24, 64)
    resized = resize_to_network(image, fit("letterbox", 24, 64, NetworkSize(32, 64)), PAD)
    assert (resized[4:28] == image).all()
    assert (resized[:4] == PAD).all()
    assert (resized[28:] == PAD).all()


def test_resizing_is_opencvs_bilinear() -> None:
    image = noise(45, 91)
    resized = resize_to_network(image, fit("stretch", 45, 91, NetworkSize(32, 64)), PAD)
    assert (resized == cv2.resize(image, (64, 32), interpolation=cv2.INTER_LINEAR)).all()


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_values_are_normalised_in_the_networks_channel_order(order: str) -> None:
    image = noise(5, 7)
    blob = normalise(image, Values(order=order))
    assert (blob.shape, blob.dtype) == ((1, 3, 5, 7), np.float32)
    assert blob.flags.c_contiguous
    channels = (2, 1, 0) if order == "rgb" else (0, 1, 2)
    for index, channel in enumerate(channels):
        expected = (image[:, :, channel] - Values().mean[index]) / Values().std[index]
        assert blob[0, index] == pytest.approx(expected)


@pytest.mark.parametrize("mode", list(FitMode))
def test_a_frame_in_any_encoding_becomes_the_same_input(mode: FitMode) -> None:
    bgr = noise(30, 50)
    fitted = fit(mode, 30, 50, NetworkSize(32, 64))
    from_bgr = preprocess(Frame.from_array(bgr), fitted, Values())
    rgb = np.ascontiguousarray(bgr[:, :, ::-1])
    assert (preprocess(Frame.from_array(rgb, "rgb8"), fitted, Values()) == from_bgr).all()
    assert from_bgr.shape == (1, 3, 32, 64)


@pytest.mark.parametrize("shape", [(30, 51, 3), (31, 50, 3), (30, 50), (30, 50, 4)])
def test_images_of_another_size_than_fitted_are_refused(shape: tuple[int, ...]) -> None:
    fitted = fit("letterbox", 30, 50, NetworkSize(32, 64))
    with pytest.raises(FrameError, match="fitted for"):
        place_on_canvas(np.zeros(shape, np.uint8), fitted, PAD)
