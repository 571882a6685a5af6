from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.core.geometry import Fit, FitMode, NetworkSize, Rectangle, fit
from segmentation_node.errors import ConfigError, FrameError

SIDE = st.integers(1, 500)
SIZES = {"height": SIDE, "width": SIDE, "net_height": SIDE, "net_width": SIDE}


def test_letterbox_of_camvid_has_a_scale_of_exactly_one() -> None:
    fitted = fit("letterbox", 360, 480, NetworkSize(384, 480))
    assert (fitted.canvas_x, fitted.canvas_y) == (0, -12)
    assert (fitted.canvas_height, fitted.canvas_width) == (384, 480)
    assert fitted.canvas_part == (slice(12, 372), slice(0, 480))
    assert fitted.is_padded
    assert fitted.covers_image


def test_letterbox_of_hd_on_a_two_to_one_network_pads_left_and_right() -> None:
    fitted = fit(FitMode.LETTERBOX, 720, 1280, NetworkSize(512, 1024))
    assert (fitted.canvas_height, fitted.canvas_width) == (720, 1440)
    assert (fitted.canvas_x, fitted.canvas_y) == (-80, 0)


def test_crop_of_hd_on_a_two_to_one_network_leaves_rows_out() -> None:
    fitted = fit(FitMode.CROP, 720, 1280, NetworkSize(512, 1024))
    assert (fitted.canvas_height, fitted.canvas_width) == (640, 1280)
    assert fitted.image_part == (slice(40, 680), slice(0, 1280))
    assert not fitted.covers_image


@given(**SIZES)
def test_stretch_is_the_image_itself(
    height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit("stretch", height, width, NetworkSize(net_height, net_width))
    whole = (slice(0, height), slice(0, width))
    assert fitted.image_part == fitted.canvas_part == whole
    assert fitted.covers_image
    assert not fitted.is_padded


@given(**SIZES)
def test_letterbox_contains_the_image_and_touches_it_on_two_sides(
    height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit("letterbox", height, width, NetworkSize(net_height, net_width))
    assert fitted.covers_image
    assert fitted.canvas_height == height or fitted.canvas_width == width


@given(**SIZES)
def test_crop_lies_in_the_image_and_fills_two_sides(
    height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit("crop", height, width, NetworkSize(net_height, net_width))
    assert not fitted.is_padded
    assert fitted.canvas_height == height or fitted.canvas_width == width


@given(mode=st.sampled_from(["letterbox", "crop"]), **SIZES)
def test_canvas_keeps_the_aspect_ratio_to_within_half_a_pixel(
    mode: str, height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit(mode, height, width, NetworkSize(net_height, net_width))
    exact_height = fitted.canvas_width * net_height / net_width
    exact_width = fitted.canvas_height * net_width / net_height
    off = min(abs(exact_height - fitted.canvas_height), abs(exact_width - fitted.canvas_width))
    assert off <= 0.5 or 1 in {fitted.canvas_height, fitted.canvas_width}


@given(mode=st.sampled_from(list(FitMode)), **SIZES)
def test_canvas_is_centred_and_an_odd_pixel_is_at_the_end(
    mode: FitMode, height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit(mode, height, width, NetworkSize(net_height, net_width))
    for before, canvas, image in (
        (fitted.canvas_y, fitted.canvas_height, height),
        (fitted.canvas_x, fitted.canvas_width, width),
    ):
        after = image - canvas - before
        assert abs(after) - abs(before) in {0, 1}
        assert before * after >= 0


@given(mode=st.sampled_from(list(FitMode)), **SIZES)
def test_parts_of_image_and_canvas_are_the_same_pixels(
    mode: FitMode, height: int, width: int, net_height: int, net_width: int
) -> None:
    fitted = fit(mode, height, width, NetworkSize(net_height, net_width))
    offsets = (fitted.canvas_y, fitted.canvas_x)
    for image, canvas, offset in zip(fitted.image_part, fitted.canvas_part, offsets, strict=True):
        assert 0 <= image.start < image.stop
        assert image.stop - image.start == canvas.stop - canvas.start
        assert image.start - canvas.start == offset


@pytest.mark.parametrize(("height", "width"), [(0, 5), (5, 0), (0, 0), (-1, 5)])
def test_images_without_pixels_are_refused(height: int, width: int) -> None:
    with pytest.raises(FrameError, match="empty images"):
        fit("letterbox", height, width, NetworkSize(32, 32))


def test_slivers_that_would_need_gigabytes_of_padding_are_refused() -> None:
    with pytest.raises(FrameError, match="canvas"):
        fit("letterbox", 1, 65535, NetworkSize(1024, 512))


def test_a_canvas_beside_the_image_is_refused() -> None:
    with pytest.raises(FrameError, match="beside the image"):
        Fit(10, 10, canvas_x=10, canvas_y=0, canvas_height=5, canvas_width=5, network=SMALL)


def test_a_canvas_anywhere_on_the_image_is_a_region_of_interest() -> None:
    roi = Fit(100, 200, canvas_x=150, canvas_y=60, canvas_height=80, canvas_width=80, network=SMALL)
    assert roi.image_part == (slice(60, 100), slice(150, 200))
    assert roi.canvas_part == (slice(0, 40), slice(0, 50))


SMALL = NetworkSize(32, 32)


@pytest.mark.parametrize("text", ["512x1024", " 512 X 1024 ", "512×1024"])
def test_network_sizes_are_read_as_height_by_width(text: str) -> None:
    size = NetworkSize.parse(text)
    assert (size.height, size.width) == (512, 1024)
    assert NetworkSize.parse(str(size)) == size


@pytest.mark.parametrize("text", ["", "512", "512x", "x512", "0x32", "-1x2", "99999x1", "5.5x6"])
def test_network_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="512x1024"):
        NetworkSize.parse(text)


@pytest.mark.parametrize("mode", list(FitMode))
def test_a_region_is_fitted_as_an_image_of_its_own(mode: FitMode) -> None:
    region = Rectangle(30, 50, 200, 100)
    alone = fit(mode, 100, 200, NetworkSize(64, 96))
    inside = fit(mode, 400, 300, NetworkSize(64, 96), region)
    assert inside.canvas_part == alone.canvas_part
    assert inside.is_padded == alone.is_padded
    rows, columns = alone.image_part
    assert inside.image_part == (
        slice(rows.start + 50, rows.stop + 50),
        slice(columns.start + 30, columns.stop + 30),
    )
    assert not inside.covers_image


@pytest.mark.parametrize(
    "region", [(0, 0, 301, 10), (0, 395, 10, 6), (0, 0, 0, 5), (-1, 0, 5, 5)], ids=str
)
def test_a_region_that_is_not_inside_the_image_is_refused(
    region: tuple[int, int, int, int],
) -> None:
    with pytest.raises(
        FrameError, match=r"the region .* for an image 300 pixels wide and 400 high"
    ):
        fit("letterbox", 400, 300, NetworkSize(64, 96), Rectangle(*region))
