"""The subscription over real DDS: it follows its publishers, and says why it hears nothing."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from dds import Observer, Program, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_rig import (
    CALIBRATION,
    LATCHED,
    NODE,
    RELIABLE,
    Rig,
    image_message,
    picture,
    running_node,
    stamped,
)
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

from segmentation_node.media.codec import encode_png

pytestmark = pytest.mark.dds

TOPIC = "/camera/image_raw"
CAMERA = Path(__file__).parents[1] / "transport/camera.py"
DEFAULTS_OF_FAST_DDS = {"FASTDDS_BUILTIN_TRANSPORTS": "DEFAULT"}

node = contextmanager(running_node)


def listen(rig: Rig) -> None:
    """Wait until the node is active, and collect its labels."""
    rig.program.wait_for_line("active: ")
    rig.labels = rig.observer.collect(Image, f"{NODE}/labels", RELIABLE)
    rig.value_becomes("labels_listeners", "1")


def appear(rig: Rig, qos: QoSProfile) -> object:
    """A publisher of this process, not yet known to the node."""
    return rig.observer.node.create_publisher(Image, TOPIC, qos)


def vanish(rig: Rig, publisher: object, is_gone: Callable[[], object] | None = None) -> None:
    """Go, and go again where nobody has noticed: on a busy machine a farewell may be lost."""
    node, noticed = rig.observer.node, is_gone or (lambda: rig.value("input_publishers") == "")
    kind, qos = publisher.msg_type, publisher.qos_profile  # type: ignore[attr-defined]
    topic = publisher.topic_name  # type: ignore[attr-defined]
    node.destroy_publisher(publisher)

    def said_again() -> bool:
        if noticed():
            return True
        node.destroy_publisher(node.create_publisher(kind, topic, qos))
        return False

    wait_until(said_again, "a publisher's end", step_s=3.0)


def is_answered(rig: Rig, publisher: object) -> bool:
    """Publish an image again and again until its labels come."""
    message = image_message(picture())
    before = len(rig.labels)

    def asked() -> bool:
        publisher.publish(message)  # type: ignore[attr-defined]
        return len(rig.labels) > before

    wait_until(asked, "labels", step_s=0.2)
    return True


def compressed_message() -> CompressedImage:
    data = array("B", encode_png(picture()))
    return stamped(CompressedImage(format="bgr8; png compressed bgr8", data=data))


def message_of(rig: Rig) -> str:
    return str(rig.diagnostics[-1].status[0].message)


def test_auto_follows_publishers_that_come_late_vanish_and_come_back_otherwise(
    domain_id: int, observer: Observer
) -> None:
    """Auto is the default: a reliable driver then loses nothing, whatever its transport."""
    with node(domain_id, observer) as rig:
        listen(rig)
        assert rig.value("input_qos") == "best_effort, volatile"
        reliable = appear(rig, RELIABLE)
        rig.value_becomes("input_qos", "reliable, volatile")
        assert is_answered(rig, reliable)
        vanish(rig, reliable)
        assert rig.value("input_qos") == "reliable, volatile"
        careless = appear(rig, qos_profile_sensor_data)
        rig.value_becomes("input_qos", "best_effort, volatile")
        assert is_answered(rig, careless)
        # Both are heard while there are both.
        reliable = appear(rig, RELIABLE)
        wait_until(lambda: rig.value("input_publishers").count("/observer") == 2, "both of them")
        assert is_answered(rig, reliable)
        assert is_answered(rig, careless)
        assert rig.value("input_qos") == "best_effort, volatile"
        vanish(rig, careless, lambda: rig.value("input_qos") == "reliable, volatile")
        assert is_answered(rig, reliable)
        # The last ones come more than once where a publisher's end had to be said again.
        matched = rig.program.matching("qos auto: ")
        reliability = [line.split("qos auto: ")[1].split(",")[0] for line in matched]
        assert reliability[:3] == ["reliable", "best_effort", "reliable"]
        assert reliability[-1] == "reliable"
        assert not rig.program.matching("no frame comes from a publisher")


def test_auto_gets_an_image_that_was_sent_before_the_node_listened(
    domain_id: int, observer: Observer
) -> None:
    message = image_message(picture())
    camera = observer.node.create_publisher(Image, TOPIC, LATCHED)
    camera.publish(message)
    with node(domain_id, observer, qos="auto", autostart=False) as rig:
        assert rig.change_state(Transition.TRANSITION_CONFIGURE)
        rig.labels = observer.collect(Image, f"{NODE}/labels", RELIABLE)
        rig.value_becomes("labels_listeners", "1")
        assert rig.change_state(Transition.TRANSITION_ACTIVATE)
        assert rig.labels.wait(1)[0].header == message.header
        rig.value_becomes("input_qos", "reliable, transient_local")


def test_a_publisher_that_cannot_be_heard_is_warned_of_until_it_is_gone(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, qos="reliable") as rig:
        listen(rig)
        careless = appear(rig, qos_profile_sensor_data)
        line = rig.program.wait_for_line(r"\[WARN\].*no frame comes from a publisher")
        assert "/observer (sensor_msgs/msg/Image, best_effort, volatile)" in line
        assert "a subscription that is reliable, volatile; fix: set qos to" in line
        warned = rig.diagnostics.wait_for(
            lambda one: one.status[0].level == DiagnosticStatus.WARN, "warning"
        )
        assert "no frame comes from a publisher" in warned.status[0].message
        # One that can be heard does not make the other one heard.
        reliable = appear(rig, RELIABLE)
        assert is_answered(rig, reliable)
        assert "no frame comes from a publisher" in message_of(rig)
        # Said once, however often it is seen; a publisher whose end is said again is another one.
        assert len(rig.program.matching("no frame comes from a publisher")) == 1
        vanish(rig, careless, lambda: "no frame comes" not in message_of(rig))
        assert not rig.program.matching("offering incompatible QoS")


def test_a_publisher_that_sends_nothing_is_warned_of_until_it_does(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, silence_warning_s=0.3) as rig:
        listen(rig)
        camera = appear(rig, RELIABLE)
        line = rig.program.wait_for_line(rf"\[WARN\].*received no frame on {TOPIC} for")
        assert "expected frames from /observer (sensor_msgs/msg/Image, reliable, volatile)" in line
        wait_until(
            lambda: (
                rig.diagnostics[-1].status[0].level == DiagnosticStatus.WARN
                and "received no frame" in message_of(rig)
            ),
            "a warning in the diagnostics",
        )
        message = image_message(picture())
        wait_until(
            lambda: (
                camera.publish(message)
                or rig.diagnostics[-1].status[0].level == DiagnosticStatus.OK
            ),
            "all well while frames come",
            step_s=0.05,
        )
        vanish(rig, camera)
        wait_until(lambda: rig.diagnostics[-1].status[0].level == DiagnosticStatus.STALE, "silence")


@pytest.mark.parametrize(
    ("given", "waits_at", "published"),
    [
        ({}, TOPIC, f"{TOPIC}/compressed"),
        ({"image_transport": "compressed"}, f"{TOPIC}/compressed", TOPIC),
    ],
)
def test_images_that_come_by_the_other_transport_are_pointed_at(
    domain_id: int, observer: Observer, given: dict[str, str], waits_at: str, published: str
) -> None:
    with node(domain_id, observer, silence_warning_s=0.3, **given) as rig:
        rig.program.wait_for_line("active: ")
        kind = CompressedImage if published.endswith("/compressed") else Image
        observer.node.create_publisher(kind, published, RELIABLE)
        line = rig.program.wait_for_line(r"\[WARN\].*received no publisher of")
        assert f"no publisher of {waits_at}, but one of {published}; expected" in line


@pytest.mark.parametrize(
    ("given", "topic", "message"),
    [
        ({"image_topic": f"{TOPIC}/compressed"}, f"{TOPIC}/compressed", compressed_message()),
        ({"image_transport": "compressed"}, f"{TOPIC}/compressed", image_message(picture())),
    ],
)
def test_what_publishers_send_decides_on_the_type_and_not_the_topics_name(
    domain_id: int,
    observer: Observer,
    given: dict[str, str],
    topic: str,
    message: Image | CompressedImage,
) -> None:
    # A process can have a topic under one type only.
    with Observer(domain_id, "stranger") as other, node(domain_id, observer, **given) as rig:
        listen(rig)
        camera = observer.node.create_publisher(type(message), topic, RELIABLE)
        msgtype = f"sensor_msgs/msg/{type(message).__name__}"
        line = rig.program.wait_for_line(rf"\[INFO\].*type {msgtype}: ")
        assert f"on {topic}, to hear /observer ({msgtype}, reliable, volatile)" in line

        def is_answered() -> bool:
            camera.publish(message)
            return len(rig.labels) > 0

        wait_until(is_answered, "labels", step_s=0.2)
        # Then one of the other type, which is not heard as long as there is the first.
        kind = Image if isinstance(message, CompressedImage) else CompressedImage
        other.node.create_publisher(kind, topic, RELIABLE)
        line = rig.program.wait_for_line(r"\[WARN\].*a publisher is of another type")
        assert f"(sensor_msgs/msg/{kind.__name__}, reliable, volatile) on {topic}" in line
        assert f"expected {msgtype} alone; fix: correct image_topic" in line
        assert len(rig.program.matching("type sensor_msgs/msg/.*: ")) == 1
        line = rf"type sensor_msgs/msg/{kind.__name__}: "
        vanish(rig, camera, lambda: rig.program.matching(line))
        wait_until(lambda: "another type" not in message_of(rig), "the end of the warning")


def test_a_topic_of_something_else_is_warned_of_and_waited_at(
    domain_id: int, observer: Observer
) -> None:
    with Observer(domain_id, "stranger") as other, node(domain_id, observer) as rig:
        listen(rig)
        other.node.create_publisher(String, TOPIC, RELIABLE)
        line = rig.program.wait_for_line(r"\[WARN\].*a publisher is of another type")
        assert "/stranger (std_msgs/msg/String, reliable, volatile)" in line
        assert "expected sensor_msgs/msg/Image or sensor_msgs/msg/CompressedImage; fix: " in line
        assert is_answered(rig, appear(rig, RELIABLE))


def test_a_driver_with_the_defaults_of_fast_dds_is_told_of_once_with_the_line_to_type(
    domain_id: int, observer: Observer
) -> None:
    with (
        Program(
            str(CAMERA), "100000", domain_id=domain_id, environment=DEFAULTS_OF_FAST_DDS
        ) as camera,
        node(domain_id, observer, image_topic="/image", silence_warning_s=0.3) as rig,
    ):
        camera.wait_for_line("^ready$")
        line = rig.program.wait_for_line(r"\[WARN\].*of the frames are lost on the way")
        assert "on /image from /camera (sensor_msgs/msg/Image, best_effort, volatile)" in line
        assert 'segmentation doctor --dds-environment)" and start the driver again' in line
        wait_until(lambda: int(rig.value("lost") or 0) > 100, "a hundred lost frames")
        status = rig.diagnostics[-1].status[0]
        assert status.level == DiagnosticStatus.WARN
        assert "of the frames are lost on the way" in status.message
        assert float(rig.value("lost_percent")) > 10
        assert len(rig.program.matching("lost on the way")) == 1


def test_a_remapped_base_topic_takes_its_companions_along(
    domain_id: int, observer: Observer
) -> None:
    remaps = ("-r", f"{TOPIC}:=/front/image_raw", "-r", "~/labels:=/semantics/labels")
    with node(domain_id, observer, arguments=remaps, image_transport="compressed") as rig:
        line = rig.program.wait_for_line("active: ")
        assert line.endswith("listening to /front/image_raw/compressed")
        rig.value_becomes("camera_info", "none yet on /front/camera_info")
        packed = observer.collect(CompressedImage, "/semantics/labels/compressed", RELIABLE)
        rig.value_becomes("labels_compressed_listeners", "1")
        camera = observer.publisher(CompressedImage, "/front/image_raw/compressed", RELIABLE)
        message = compressed_message()

        def is_answered() -> bool:
            camera.publish(message)
            return len(packed) > 0

        wait_until(is_answered, "compressed labels", step_s=0.2)
        # The labels' calibration is beside them; that of the pictures stays where they are.
        observer.collect(CameraInfo, "/semantics/camera_info", RELIABLE)
        observer.collect(CameraInfo, f"{NODE}/camera_info", RELIABLE)
        rig.value_becomes("camera_info_listeners", "2")


def test_the_life_of_a_stream_is_in_the_log(domain_id: int, observer: Observer) -> None:
    message = image_message(picture())
    message.header.stamp.sec = message.header.stamp.nanosec = 0
    with Observer(domain_id, "early") as early, node(domain_id, observer) as rig:
        early.node.create_publisher(Image, "/camera/imag_raw", RELIABLE)
        line = rig.program.wait_for_line(r"\[WARN\].*no image for 10 s")
        assert "image topics that exist: /camera/imag_raw (sensor_msgs/msg/Image)" in line
        assert "fix: set image_topic to /camera/imag_raw" in line
        listen(rig)
        camera = appear(rig, RELIABLE)
        calibration = observer.node.create_publisher(CameraInfo, CALIBRATION, 10)
        info = CameraInfo(height=48, width=64)
        info.header.frame_id = "rear_camera"

        def is_in_the_log(pattern: str) -> bool:
            calibration.publish(info)
            camera.publish(message)
            return bool(rig.program.matching(pattern))

        def publish_until(pattern: str) -> None:
            wait_until(lambda: is_in_the_log(pattern), pattern, step_s=0.1)

        publish_until(r"images on /camera/image_raw: 64 wide, 48 high, bgr8, .* Hz, from /observer")
        publish_until(r"\[WARN\].*images with a stamp of zero")
        publish_until(r"\[WARN\].*frame rear_camera on .* for images of the frame front_camera")
        wait_until(lambda: int(rig.value("zero_stamps")) > 0, "their count")
        vanish(rig, camera, lambda: rig.program.matching("camera gone: /observer"))
        camera = appear(rig, RELIABLE)
        rig.program.wait_for_line("camera back: /observer")
        assert rig.set_parameter("rate_limit", 7.0) == ""
        rig.program.wait_for_line(r"parameters set: rate_limit from 0.0 to 7.0")
        assert rig.change_state(Transition.TRANSITION_DEACTIVATE)
        rig.program.wait_for_line("deactivated: no longer listening to /camera/image_raw")
        assert rig.change_state(Transition.TRANSITION_CLEANUP)
        rig.program.wait_for_line("cleaned up: ")


def test_what_makes_a_node_wait_or_mixes_it_up_is_told_of(
    domain_id: int, observer: Observer
) -> None:
    given = {"use_sim_time": True}
    with node(domain_id, observer, **given) as rig, node(domain_id, observer) as other:
        rig.program.wait_for_line(r"\[WARN\].*no publisher of /clock with use_sim_time set")
        for one in (rig, other):
            one.program.wait_for_line(r"\[WARN\].*received 2 nodes named /segmentation_node")
        assert not other.program.matching("/clock")
