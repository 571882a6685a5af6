"""Regions of interest: how they are written, and which pixels they come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.core.geometry import Rectangle
from segmentation_node.core.region import Region
from segmentation_node.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0,288,1280,432", Rectangle(0, 288, 1280, 432)),
        (" 10 , 20,30 ,40 ", Rectangle(10, 20, 30, 40)),
        ("0.0,0.4,1.0,0.6", Rectangle(0, 288, 1280, 432)),
        ("0,.5,1,.5", Rectangle(0, 360, 1280, 360)),
        ("0.1,0.1,0.9,0.9", Rectangle(128, 72, 1152, 648)),
        ("0.9999,0.9999,0.0001,0.0001", Rectangle(1279, 719, 1, 1)),
    ],
)
def test_whole_numbers_are_pixels_and_a_decimal_point_makes_fractions(
    text: str, wanted: Rectangle
) -> None:
    assert Region.parse(text).rectangle(720, 1280) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "-1,0,5,5",
        "0,0,0,5",
        "0.5,0,0.6,1.0",
        "0,0.5,1,1.5",
        "0,0,99999,9",
    ],
)
def test_what_is_no_region_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=r"the region .*; fix: "):
        Region.parse(text)


@pytest.mark.parametrize("text", ["0,288,1280,432", "0.0,0.4,1.0,0.6"])
def test_a_region_is_shown_as_it_was_written(text: str) -> None:
    assert str(Region.parse(text)) == text


SHARE = st.integers(0, 999).map(lambda n: n / 1000)


@given(SHARE, SHARE, SHARE, SHARE, st.integers(1, 300), st.integers(1, 300))
def test_fractions_always_come_to_pixels_of_the_image(
    x: float, y: float, right: float, bottom: float, height: int, width: int
) -> None:
    (x, right), (y, bottom) = sorted((x, right)), sorted((y, bottom))
    region = Region(x, y, max(right - x, 1e-4), max(bottom - y, 1e-4), in_fractions=True)
    assert region.rectangle(height, width).lies_in(height, width)


def test_an_image_is_large_enough_for_pixels_that_are_asked_for() -> None:
    assert Region.parse("100,200,1820,100").image_to_hold(720, 1280) == (720, 1920)
    assert Region.parse("0.0,0.5,1.0,0.5").image_to_hold(720, 1280) == (720, 1280)
