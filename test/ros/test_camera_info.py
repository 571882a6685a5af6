"""Calibrations of images at another size: the same point of the world falls on the same thing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from node_rig import calibration
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from segmentation_node.core.geometry import FitMode, NetworkSize, Rectangle, fit
from segmentation_node.core.window import Window, at_network_size
from segmentation_node.ros.camera_info import image_size, info_topic_of, scaled

POINTS = np.array(list(itertools.product((-0.4, 0.0, 0.3), (-0.3, 0.1), (1.0, 3.0), (1.0,)))).T
SAME = Window(48, 64, 48, 64)


def edges_seen(info: CameraInfo, matrix: str) -> NDArray[np.float64]:
    """(2, n): where points of the world lie, pixels from the image's left and top edge.

    Read as the message's definition says: K and P are those of the whole sensor, the image begins
    at the region of interest, and binning makes pixels of several.
    """
    camera = np.asarray(getattr(info, matrix)).reshape(3, -1)
    u, v, w = camera @ POINTS[: camera.shape[1]]
    return np.stack(
        [
            (u / w + 0.5 - info.roi.x_offset) / max(info.binning_x, 1),
            (v / w + 0.5 - info.roi.y_offset) / max(info.binning_y, 1),
        ]
    )


def cameras() -> dict[str, CameraInfo]:
    """Calibrations of images of 48x64 pixels, by what is special about them."""
    wide = RegionOfInterest(x_offset=14, y_offset=6, width=64, height=48)
    part = calibration(96, 100)
    part.roi = wide
    binned = calibration(97, 192)
    binned.binning_x, binned.binning_y = 3, 2
    both = calibration(200, 300)
    both.roi = RegionOfInterest(x_offset=31, y_offset=7, width=128, height=144, do_rectify=True)
    both.binning_x, both.binning_y = 2, 3
    return {"plain": calibration(), "region": part, "binned": binned, "both": both}


VIEWS = {
    "stretch": (FitMode.STRETCH, None),
    "letterbox": (FitMode.LETTERBOX, None),
    "crop": (FitMode.CROP, None),
    "region": (FitMode.LETTERBOX, Rectangle(8, 20, 50, 24)),
}


@pytest.mark.parametrize("camera", cameras())
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("matrix", ["k", "p"])
def test_points_of_the_world_fall_where_the_result_shows_them(
    camera: str, view: str, matrix: str
) -> None:
    info, (mode, region) = cameras()[camera], VIEWS[view]
    fitted = fit(mode, 48, 64, NetworkSize(64, 96), region)
    window = Window.of(fitted, at_network_size(fitted))
    made = scaled(info, window)
    x, y = edges_seen(info, matrix)
    wanted = [(x - window.x) / window.scale_x, (y - window.y) / window.scale_y]
    np.testing.assert_allclose(edges_seen(made, matrix), wanted, atol=1e-9)
    assert image_size(made) == (window.height, window.width)
    assert (made.binning_x, made.binning_y) == (info.binning_x, info.binning_y)
    assert made.roi.do_rectify == info.roi.do_rectify
    inside = made.roi.x_offset + made.roi.width <= made.width
    assert inside and made.roi.y_offset + made.roi.height <= made.height


def test_half_the_size_halves_all_but_the_half_pixel() -> None:
    made = scaled(calibration(), Window(48, 64, 24, 32, 0, 0, 2, 2))
    assert (made.height, made.width, made.roi) == (24, 32, RegionOfInterest())
    assert made.k.tolist() == [25, 0, 15.5, 0, 25, 11.5, 0, 0, 1]
    # The baseline stays what it was: -Tx / fx.
    assert made.p[3] / made.p[0] == calibration().p[3] / calibration().p[0]
    assert (made.d, made.distortion_model) == (calibration().d, "plumb_bob")
    np.testing.assert_array_equal(made.r, calibration().r)


@pytest.mark.parametrize("camera", cameras())
def test_at_the_cameras_size_nothing_changes(camera: str) -> None:
    assert scaled(cameras()[camera], SAME) == cameras()[camera]


def test_a_camera_without_a_calibration_stays_without() -> None:
    info = CameraInfo(height=48, width=64)
    made = scaled(info, Window(48, 64, 24, 32, 0, 0, 2, 2))
    assert not made.k.any()
    assert not made.p.any()


@pytest.mark.parametrize(
    ("image", "info"),
    [
        ("/camera/image_raw", "/camera/camera_info"),
        ("/image", "/camera_info"),
        ("/a/b/c", "/a/b/camera_info"),
    ],
)
def test_the_calibration_is_beside_the_image(image: str, info: str) -> None:
    assert info_topic_of(image) == info
