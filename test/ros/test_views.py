"""Regions, result sizes and merged classes over real DDS: every image is what core/ says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from dds import Observer, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_rig import (
    EVERY,
    LATCHED,
    NODE,
    Rig,
    calibration,
    connected_node,
    image_message,
    picture,
    pixels_of,
    reference_logits,
    running_node,
)
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from segmentation_node.core.class_map import load_class_map
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Rectangle
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.core.postprocess import colorize, labels_of
from segmentation_node.core.window import Window, at_network_size
from segmentation_node.ros.camera_info import scaled

# One node serves several of these tests: they must be run by one worker (--dist loadfile).
pytestmark = pytest.mark.dds

REGION = Rectangle(8, 20, 50, 24)
MAP = load_class_map("camvid11_to_drivable")
node = contextmanager(running_node)


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A node that sees a region of the image, at camera size, in merged classes."""
    view = {"roi": "8,20,50,24", "class_map": "camvid11_to_drivable"}
    yield from connected_node(**view)


def test_labels_are_merged_inside_the_region_and_unknown_outside(rig: Rig) -> None:
    found = pixels_of(rig.ask(image_message(picture())))
    logits, fitted = reference_logits(Frame.from_array(picture()), REGION)
    wanted = MAP.table(CAMVID_11)[labels_of(logits, fitted, CAMVID_11)]
    np.testing.assert_array_equal(found, wanted)
    outside = np.ones((48, 64), bool)
    outside[20:44, 8:58] = False
    assert (found[outside] == 255).all()
    assert set(np.unique(found[~outside])) <= {0, 1, 2}


def test_colours_and_legend_are_those_of_the_merged_classes(rig: Rig) -> None:
    with (
        rig.observer.listening(Image, f"{NODE}/color") as colors,
        rig.observer.listening(String, f"{NODE}/legend", LATCHED) as legends,
    ):
        rig.value_becomes("color_listeners", "1")
        labels = pixels_of(rig.ask(image_message(picture())))
        found = pixels_of(colors.wait(1)[0])
        legend = json.loads(legends.wait(1)[0].data)
    np.testing.assert_array_equal(found, colorize(labels, MAP.labels.palette()))
    assert [one["name"] for one in legend["classes"]] == [
        "other",
        "drivable",
        "obstacle",
        "unknown",
    ]
    assert (legend["name"], legend["ignore_id"]) == ("drivable", 255)
    assert (rig.value("labels"), rig.value("roi")) == ("drivable", "8,20,50,24")


def test_an_image_without_the_region_is_named_and_the_next_is_answered(rig: Rig) -> None:
    malformed = int(rig.value("malformed") or 0)
    rig.camera.publish(image_message(picture(30, 40)))
    rig.value_becomes("malformed", str(malformed + 1))
    assert "the region 50x24 at x=8, y=20" in rig.value("last_malformation")
    assert rig.program.wait_for_line(r"\[WARN\].*malformed frame: received the region .*; fix: ")
    assert rig.ask(image_message(picture())).height == 48


def test_a_region_that_the_camera_does_not_have_is_refused_once_its_images_are_known(
    rig: Rig,
) -> None:
    rig.ask(image_message(picture()))
    said = rig.set_parameter("roi", "8,20,57,24")
    assert "roi: 8,20,57,24 for /camera/image_raw, whose images are 64 pixels wide and 48 " in said
    assert "fix: correct roi" in said
    assert rig.parameter("roi") == "8,20,50,24"
    # One that has the size of the image is no larger than it.
    assert rig.set_parameter("roi", "0,0,64,48") == ""
    rig.value_becomes("roi", "0,0,64,48")
    assert rig.set_parameter("roi", "8,20,50,24") == ""
    rig.value_becomes("roi", "8,20,50,24")


def test_a_region_set_before_the_first_image_is_accepted_and_the_image_named_when_it_comes(
    domain_id: int, observer: Observer
) -> None:
    said = "the region 64x49 at x=0, y=0 (width x height) for an image 64 pixels wide and 48"
    with node(domain_id, observer, **EVERY, roi="0,0,65,48") as rig:
        rig.connect()
        assert rig.set_parameter("roi", "0,0,64,49") == ""
        rig.value_becomes("roi", "0,0,64,49")

        def is_told() -> bool:
            rig.camera.publish(image_message(picture()))
            return said in rig.value("last_malformation")

        wait_until(is_told, said, step_s=0.1)
        warned = rig.diagnostics.wait_for(lambda one: said in one.status[0].message, said)
        assert warned.status[0].level == DiagnosticStatus.WARN
        assert said in rig.program.wait_for_line(r"\[WARN\].*malformed frame: ")
        assert rig.set_parameter("roi", "0,0,64,48") == ""
        rig.value_becomes("roi", "0,0,64,48")
        assert rig.ask(image_message(picture())).height == 48


def test_at_network_size_labels_and_calibration_are_those_of_the_networks_pixels(
    domain_id: int, observer: Observer
) -> None:
    view = {"roi": "0.0,0.25,1.0,0.5", "output_size": "network"}
    logits, fitted = reference_logits(Frame.from_array(picture()), Rectangle(0, 12, 64, 24))
    result = at_network_size(fitted)
    with node(domain_id, observer, **EVERY, **view) as rig:
        rig.connect()
        with observer.listening(CameraInfo, f"{NODE}/camera_info") as infos:
            rig.calibrate(calibration())
            rig.value_becomes("camera_info_listeners", "1")
            answer = rig.ask(image_message(picture()))
            info = infos.wait(1)[0]
    wanted = labels_of(logits, result, CAMVID_11)
    np.testing.assert_array_equal(pixels_of(answer), wanted)
    assert answer.step == answer.width == wanted.shape[1]
    fitting = scaled(calibration(), Window.of(fitted, result))
    fitting.header = answer.header
    assert info == fitting
    assert (info.roi.height, info.roi.width) == wanted.shape


def test_a_class_that_is_unknown_is_named_and_can_be_mended(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, class_map="cityscapes19_to_categories") as rig:
        line = rig.program.wait_for_line("cannot configure")
        assert "'unlabeled' for 'void' in the class map cityscapes19_to_categories" in line
        assert "Sky, Building" in line
        refused = rig.diagnostics.wait_for(
            lambda one: one.status[0].level == DiagnosticStatus.ERROR, "error"
        )
        assert "'unlabeled'" in refused.status[0].message
        assert rig.set_parameter("class_map", "") == ""
        assert rig.change_state(Transition.TRANSITION_CONFIGURE)
        assert rig.change_state(Transition.TRANSITION_ACTIVATE)
        rig.connect()
        rig.knock(image_message(picture()))
        assert rig.ask(image_message(picture())).height == 48
