"""The node over real DDS, in its own process: its answers are what core/ says they should be."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np
import pytest
from dds import Observer, claimed_domain, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from node_rig import (
    MODEL,
    NODE,
    PRECISION,
    SIZE,
    Rig,
    connected_node,
    image_message,
    picture,
    pixels_of,
    reference_labels,
    running_node,
    stamped,
    values_of,
)
from sensor_msgs.msg import CompressedImage, Image

from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.frame import Frame
from segmentation_node.core.postprocess import colorize
from segmentation_node.media.codec import decode_image, encode_jpeg, encode_png
from segmentation_node.model import load_model
from segmentation_node.ros.conversion import frame_of_image

# One node serves many of these tests: they must be run by one worker (--dist loadfile).
pytestmark = pytest.mark.dds


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A node that answers every frame, over a reliable subscription."""
    yield from connected_node()


@pytest.fixture(scope="module", params=["latest", "every"])
def compressed_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A node that listens to compressed images; decoded on their turn, or at once."""
    parameters = {"image_transport": "compressed", "mode": request.param}
    with claimed_domain() as domain_id, Observer(domain_id) as observer:
        for one in running_node(domain_id, observer, **parameters):
            one.connect(CompressedImage, "/camera/image_raw/compressed")
            one.knock(compressed(encode_png(picture()), "png"))
            yield one


def encoded(encoding: str) -> Image:
    """A picture whose bytes are taken for another encoding; any bytes will do for a pixel."""
    row = ENCODINGS[encoding]
    step = row.row_bytes(64)
    data = np.resize(picture(), row.rows(48) * step).astype(np.uint8)
    fields = {"height": 48, "width": 64, "step": step, "data": array("B", data.tobytes())}
    return image_message(picture(), encoding, **fields)


@pytest.mark.parametrize("encoding", ["bgr8", "rgb8", "mono16", "bayer_rggb8", "uyvy", "nv12"])
def test_labels_equal_the_reference(rig: Rig, encoding: str) -> None:
    message = encoded(encoding)
    answer = rig.ask(message)
    assert (answer.encoding, answer.height, answer.width, answer.step) == ("mono8", 48, 64, 64)
    np.testing.assert_array_equal(pixels_of(answer), reference_labels(frame_of_image(message)))


def test_the_pictures_of_these_tests_hold_several_classes(rig: Rig) -> None:
    assert len(np.unique(pixels_of(rig.ask(image_message(picture()))))) > 2


def test_the_header_is_that_of_the_input(rig: Rig) -> None:
    message = image_message(picture())
    assert rig.ask(message).header == message.header


def test_rows_with_padding_are_read_where_they_begin(rig: Rig) -> None:
    padded = np.zeros((48, 200), np.uint8)
    padded[:, :192] = picture().reshape(48, 192)
    message = image_message(picture(), step=200, data=array("B", padded.tobytes()))
    expected = reference_labels(Frame.from_array(picture()))
    np.testing.assert_array_equal(pixels_of(rig.ask(message)), expected)


def test_a_size_that_changes_is_followed(rig: Rig) -> None:
    for height, width in ((48, 64), (80, 40), (20, 100), (48, 64)):
        pixels = picture(height, width)
        answer = pixels_of(rig.ask(image_message(pixels)))
        np.testing.assert_array_equal(answer, reference_labels(Frame.from_array(pixels)))
    rig.value_becomes("image", "64 wide, 48 high, bgr8")


BAD_IMAGES = {
    "short data": ({"data": array("B", bytes(100))}, "100 bytes"),
    "long data": ({"data": array("B", bytes(48 * 192 + 1))}, "9217 bytes"),
    "small step": ({"step": 191}, "step of 191"),
    "zero size": ({"height": 0, "width": 0}, "0 wide, 0 high"),
    "unknown encoding": ({"encoding": "sepia8"}, "sepia8"),
}


@pytest.mark.parametrize(("changed", "named"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_a_malformed_frame_is_counted_and_named_and_the_next_is_answered(
    rig: Rig, changed: dict[str, object], named: str
) -> None:
    malformed = int(rig.value("malformed") or 0)
    rig.camera.publish(image_message(picture(), **changed))
    good = image_message(picture(seed=1))
    expected = reference_labels(Frame.from_array(picture(seed=1)))
    np.testing.assert_array_equal(pixels_of(rig.ask(good)), expected)
    rig.value_becomes("malformed", str(malformed + 1))
    assert named in rig.value("last_malformation")
    assert rig.program.wait_for_line(rf"\[WARN\].*malformed frame: received .*{named}")
    warned = rig.diagnostics.wait_for(
        lambda one: one.status[0].level == DiagnosticStatus.WARN and named in one.status[0].message,
        "warning",
    )
    assert "malformed" in warned.status[0].message


def test_stamps_that_jump_back_are_counted_and_their_frames_answered(rig: Rig) -> None:
    jumps = int(rig.value("stamp_jumps") or 0)
    rig.ask(stamped(image_message(picture()), 500_000))
    for seconds in (10, 11):
        answer = rig.ask(stamped(image_message(picture()), seconds))
        assert answer.header.stamp.sec == seconds
    rig.value_becomes("stamp_jumps", str(jumps + 1))


def test_colour_is_made_only_while_somebody_listens(rig: Rig) -> None:
    rig.value_becomes("color_listeners", "0")
    rig.ask(image_message(picture()))
    colours = rig.observer.collect(Image, f"{NODE}/color")
    rig.value_becomes("color_listeners", "1")
    message = image_message(picture())
    labels = pixels_of(rig.ask(message))
    answer = colours.wait(1)[0]
    assert (answer.encoding, answer.step, answer.header) == ("rgb8", 192, message.header)
    palette = load_model(MODEL).labels.palette()
    np.testing.assert_array_equal(pixels_of(answer), colorize(labels, palette))


def test_every_frame_of_a_burst_is_answered_in_order(rig: Rig) -> None:
    before = len(rig.labels)
    burst = [image_message(picture(seed=seed % 5)) for seed in range(60)]
    for message in burst:
        rig.camera.publish(message)
    answers = rig.labels.wait(before + 60)[before:]
    assert [one.header.stamp for one in answers] == [one.header.stamp for one in burst]
    for answer, message in list(zip(answers, burst, strict=True))[::7]:
        expected = reference_labels(frame_of_image(message))
        np.testing.assert_array_equal(pixels_of(answer), expected)


def test_the_diagnostics_say_what_runs_and_how_fast(rig: Rig) -> None:
    rig.ask(image_message(picture()))
    wait_until(lambda: rig.value("total_p50_ms"), "the first figures")
    values = values_of(rig.diagnostics[-1])
    assert (values["model"], values["precision"]) == (load_model(MODEL).name, PRECISION)
    assert (values["network_size"], values["mode"], values["state"]) == (SIZE, "every", "active")
    assert values["engine"].lower().startswith("openvino")
    assert values["device"] == rig.diagnostics[-1].status[0].hardware_id != ""
    assert values["skipped"] == values["failed"] == "0"
    for stage in ("wait", "preprocess", "inference", "postprocess", "publish", "total"):
        figures = [float(values[f"{stage}_{share}_ms"]) for share in ("p50", "p95", "p99")]
        assert 0 <= figures[0] <= figures[1] <= figures[2]
    # The stamps of this test are decades old, by the clock of this machine.
    assert float(values["input_age_p50_ms"]) > 1e9


def compressed(data: bytes, described: str) -> CompressedImage:
    message = CompressedImage(format=described)
    message.data = array("B", data)
    return stamped(message)


@pytest.mark.parametrize(("encode", "described"), [(encode_jpeg, "jpeg"), (encode_png, "png")])
def test_compressed_images_are_answered_like_the_pixels_in_them(
    compressed_rig: Rig, encode, described: str
) -> None:
    data = encode(picture())
    message = compressed(data, f"bgr8; {described} compressed bgr8")
    answer = compressed_rig.ask(message)
    assert answer.header == message.header
    expected = reference_labels(Frame.from_array(decode_image(data)))
    np.testing.assert_array_equal(pixels_of(answer), expected)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_truncated_jpeg_is_counted_and_the_next_is_answered(
    compressed_rig: Rig, share: float
) -> None:
    malformed = int(compressed_rig.value("malformed") or 0)
    data = encode_jpeg(picture())
    compressed_rig.camera.publish(compressed(data[: int(share * len(data))], "jpeg"))
    compressed_rig.value_becomes("malformed", str(malformed + 1))
    assert "format 'jpeg'" in compressed_rig.value("last_malformation")
    assert compressed_rig.ask(compressed(data, "jpeg")).height == 48
