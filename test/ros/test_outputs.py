"""What the node publishes beside labels and colours, over real DDS: each is what core/ says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from dds import Collected, wait_until
from node_rig import (
    CALIBRATION,
    LATCHED,
    MODEL,
    NODE,
    RELIABLE,
    Rig,
    calibration,
    connected_node,
    image_message,
    picture,
    pixels_of,
    reference_logits,
)
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Float64, String

from segmentation_node.core import compressed
from segmentation_node.core.frame import Frame
from segmentation_node.core.postprocess import colorize, confidence, labels_of, overlay
from segmentation_node.media.legend import legend_image
from segmentation_node.model import load_model
from segmentation_node.ros.timing_output import STAGES

# One node serves these tests: they must be run by one worker (--dist loadfile).
pytestmark = pytest.mark.dds

LABELS = load_model(MODEL).labels


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A node that answers every frame, over a reliable subscription."""
    yield from connected_node()


@pytest.fixture
def listen(rig: Rig) -> Iterator[Any]:
    """Subscribe for one test, and wait until the node knows it."""
    with ExitStack() as until_the_end:

        def to(kind: type, name: str, key: str = "") -> Collected[Any]:
            topic = f"{NODE}/{name}"
            collected = until_the_end.enter_context(rig.observer.listening(kind, topic, RELIABLE))
            if key:
                rig.value_becomes(f"{key}_listeners", "1")
            return collected

        yield to


def expected(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The label image and the confidence of a picture."""
    logits, fitted = reference_logits(Frame.from_array(pixels))
    return labels_of(logits, fitted, LABELS), confidence(logits, fitted)


def answer(rig: Rig, collected: Collected[Any], pixels: NDArray[np.uint8]) -> Any:
    """What arrives on a topic for a picture, under the picture's header."""
    message = image_message(pixels)
    rig.ask(message)
    found = collected.wait_for(lambda one: one.header.stamp == message.header.stamp, "answer")
    assert found.header == message.header
    return found


def test_the_overlay_is_the_definitions_at_any_alpha(rig: Rig, listen: Any) -> None:
    overlays, pixels = listen(Image, "overlay", "overlay"), picture()
    color = colorize(expected(pixels)[0], LABELS.palette())
    for alpha in (0.5, 0.0, 1.0, 0.25):
        assert rig.set_parameter("overlay_alpha", alpha) == ""
        found = answer(rig, overlays, pixels)
        assert (found.encoding, found.step) == ("rgb8", 192)
        wanted = overlay(pixels, color, alpha).astype(int)
        assert np.abs(pixels_of(found) - wanted).max() <= 1
    assert rig.set_parameter("overlay_alpha", 0.5) == ""


def test_the_confidence_is_the_definitions(rig: Rig, listen: Any) -> None:
    found = answer(rig, listen(Image, "confidence", "confidence"), picture())
    assert (found.encoding, found.step) == ("mono8", 64)
    wanted = expected(picture())[1].astype(int)
    assert np.abs(pixels_of(found) - wanted).max() <= 1
    assert len(np.unique(wanted)) > 10


def decoded(message: CompressedImage) -> NDArray[np.uint8]:
    """(H, W) labels or (H, W, 3) RGB: the pixels, by the rules of the plugin's reader."""
    frame = compressed.decode(message.data, message.format)
    return frame.array if frame.encoding == "mono8" else frame.array[:, :, ::-1]


def test_compressed_labels_hold_the_same_ids(rig: Rig, listen: Any) -> None:
    found = answer(
        rig, listen(CompressedImage, "labels/compressed", "labels_compressed"), picture()
    )
    assert found.format == "mono8; png compressed "
    np.testing.assert_array_equal(decoded(found), expected(picture())[0])


def test_compressed_colours_are_exact_as_png_and_close_as_jpeg(rig: Rig, listen: Any) -> None:
    topic = listen(CompressedImage, "color/compressed", "color_compressed")
    color = colorize(expected(picture())[0], LABELS.palette())
    found = answer(rig, topic, picture())
    assert found.format == "rgb8; png compressed bgr8"
    np.testing.assert_array_equal(decoded(found), color)
    assert rig.set_parameter("color_compression", "jpeg") == ""
    found = answer(rig, topic, picture())
    assert found.format == "rgb8; jpeg compressed bgr8"
    assert np.abs(decoded(found).astype(int) - color).mean() < 20
    assert rig.set_parameter("color_compression", "png") == ""


def test_a_lower_quality_makes_a_smaller_overlay(rig: Rig, listen: Any) -> None:
    topic = listen(CompressedImage, "overlay/compressed", "overlay_compressed")
    sizes = []
    for quality in (95, 10):
        assert rig.set_parameter("jpeg_quality", quality) == ""
        found = answer(rig, topic, picture())
        assert found.format == "rgb8; jpeg compressed bgr8"
        sizes.append(len(found.data))
    assert sizes[1] < sizes[0]
    assert rig.set_parameter("jpeg_quality", 95) == ""


def test_what_is_switched_off_is_not_made_whoever_listens(rig: Rig, listen: Any) -> None:
    colors = listen(Image, "color", "color")
    packed = listen(CompressedImage, "labels/compressed", "labels_compressed")
    for name in ("publish_color", "publish_compressed"):
        assert rig.set_parameter(name, False) == ""
    first = image_message(picture())
    rig.ask(first)
    for name in ("publish_color", "publish_compressed"):
        assert rig.set_parameter(name, True) == ""
    second = answer(rig, colors, picture()).header
    packed.wait_for(lambda one: one.header == second, "answer")
    # What comes later than the second answer of a topic cannot have been sent before it.
    assert [one.header for one in colors.messages] == [second]
    assert [one.header for one in packed.messages] == [second]


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("overlay_alpha", 1.5, "out of range"),
        ("color_compression", "tiff", "one of png, jpeg"),
        ("jpeg_quality", 0, "out of range"),
        ("jpeg_quality", 80.5, "Wrong parameter type"),
        ("publish_color", "yes", "Wrong parameter type"),
        ("roi", "0,0,10", "x,y,width,height"),
        ("mode", "latest", "configure again"),
    ],
)
def test_a_value_that_cannot_stand_is_refused_while_the_node_runs(
    rig: Rig, name: str, wrong: object, said: str
) -> None:
    assert said in rig.set_parameter(name, wrong)


def test_the_legend_is_there_for_whoever_comes_late(rig: Rig) -> None:
    with rig.observer.listening(String, f"{NODE}/legend", LATCHED) as legends:
        legend = json.loads(legends.wait(1)[0].data)
    assert (legend["name"], legend["ignore_id"]) == (LABELS.name, LABELS.ignore_id)
    for entry, label in zip(legend["classes"], LABELS.labels, strict=True):
        assert (entry["id"], entry["name"], entry["ignored"]) == (
            label.pixel,
            label.name,
            label.ignored,
        )
        assert (tuple(entry["color"]), entry["category"]) == (label.color, label.category)


def test_the_legends_picture_is_there_for_whoever_comes_late(rig: Rig) -> None:
    with rig.observer.listening(Image, f"{NODE}/legend_image", LATCHED) as pictures:
        found = pictures.wait(1)[0]
    assert (found.encoding, found.step) == ("rgb8", 3 * found.width)
    np.testing.assert_array_equal(pixels_of(found), legend_image(LABELS))


def test_at_camera_size_the_calibration_is_the_cameras_under_the_images_header(
    rig: Rig, listen: Any
) -> None:
    infos = listen(CameraInfo, "camera_info", "camera_info")
    assert rig.value("camera_info") == f"none yet on {CALIBRATION}"
    info = calibration()
    rig.calibrate(info)
    found = answer(rig, infos, picture())
    info.header = found.header
    assert found == info


def test_a_calibration_for_other_images_is_not_passed_on(rig: Rig, listen: Any) -> None:
    infos = listen(CameraInfo, "camera_info", "camera_info")
    rig.calibrate(calibration(480, 640))
    rig.ask(image_message(picture()))
    assert rig.program.wait_for_line(
        r"\[WARN\].*no ~/camera_info: received .*480 high, 640 wide.*; fix: "
    )
    rig.calibrate(calibration())
    found = answer(rig, infos, picture())
    assert [one.header for one in infos.messages] == [found.header]


def test_every_stage_can_be_plotted_and_they_come_to_the_total(rig: Rig, listen: Any) -> None:
    topics = {stage: listen(Float64, f"timing/{stage}_ms") for stage in STAGES}
    wait_until(lambda: add_up(rig, topics), "a frame whose stages come to its total")
    # The stamps of this test are decades old, by the clock of this machine.
    assert topics["input_age"].messages[-1].data > 1e9
    assert all(message.data >= 0 for topic in topics.values() for message in topic.messages)


def add_up(rig: Rig, topics: dict[str, Collected[Float64]]) -> bool:
    """Ask for a frame; whether the latest figure of every topic is of one frame, and whole.

    They come one by one, and on a busy machine another program may run between two stages.
    """
    rig.ask(image_message(picture()))
    if not all(len(topic) for topic in topics.values()):
        return False
    latest = {stage: topic.messages[-1].data for stage, topic in topics.items()}
    total = latest["total"]
    parts = sum(latest[stage] for stage in latest.keys() - {"total", "encode", "input_age"})
    return bool(0.9 * total < parts <= total * 1.001)


def test_the_diagnostics_tell_the_budget_of_a_frame(rig: Rig) -> None:
    for _ in range(5):
        rig.ask(image_message(picture()))
    wait_until(lambda: rig.value("frame_budget_used_percent"), "a budget")
    assert float(rig.value("frame_budget_ms")) > 0
    assert rig.value("deadline_ms") == "none"
    assert float(rig.value("encode_p50_ms")) >= 0
