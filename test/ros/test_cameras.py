"""Several cameras in one node over real DDS: each has its own of everything but the network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from dds import Observer, claimed_domain, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_rig import (
    EVERY,
    LATCHED,
    NODE,
    RELIABLE,
    Rig,
    calibration,
    image_message,
    picture,
    pixels_of,
    reference_labels,
    running_node,
)
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Float64, String

from segmentation_node.core.frame import Frame

pytestmark = pytest.mark.dds

CAMERAS = {"image_topics": ["/front/image_raw", "/rear/image_raw"]}
OK, STALE = DiagnosticStatus.OK, DiagnosticStatus.STALE

node = contextmanager(running_node)


class Camera:
    """One camera of a node: its publisher, its labels, its status."""

    def __init__(self, rig: Rig, name: str, *, present: bool = True) -> None:
        self.rig, self.name = rig, name
        self.topic = f"/{name}/image_raw"
        self.labels = rig.observer.collect(Image, f"{NODE}/{name}/labels", RELIABLE)
        self.value_becomes("labels_listeners", "1")
        if present:
            self.appear()

    def appear(self) -> None:
        self.publisher = self.rig.observer.publisher(Image, self.topic, RELIABLE)

    def vanish(self) -> None:
        """Go, and go again where nobody has noticed: on a busy machine a farewell may be lost."""

        def is_gone() -> bool:
            if self.value("input_publishers") == "":
                return True
            self.appear()
            self.rig.observer.node.destroy_publisher(self.publisher)
            return False

        self.rig.observer.node.destroy_publisher(self.publisher)
        wait_until(is_gone, f"the end of {self.name}", step_s=3.0)

    def ask(self, message: Image) -> Image:
        """Publish an image until its labels are there: a new publisher may not be heard at once."""
        stamp = message.header.stamp

        def answers() -> list[Image]:
            self.publisher.publish(message)
            return [one for one in self.labels.messages if one.header.stamp == stamp]

        wait_until(answers, f"labels of {self.name}", step_s=0.1)
        return answers()[0]

    def settle(self) -> None:
        """Wait until all that was sent has become of something."""
        self.ask(image_message(picture()))
        last = image_message(picture())
        self.publisher.publish(last)
        # What was sent before it has arrived before it.
        self.labels.wait_for(lambda one: one.header.stamp == last.header.stamp, "the last labels")
        # The next message may have been made before that, the one after it was not.
        known = len(self.rig.diagnostics) + 2
        wait_until(
            lambda: len(self.rig.diagnostics) >= known and self.is_settled, "the end of all frames"
        )

    @property
    def status(self) -> DiagnosticStatus | None:
        found = self.rig.diagnostics[-1].status if len(self.rig.diagnostics) else []
        wanted = f"segmentation_node: {self.name} segmentation"
        return next((one for one in found if one.name == wanted), None)

    def value(self, key: str) -> str:
        status = self.status
        return {one.key: one.value for one in status.values}.get(key, "") if status else ""

    @property
    def counts(self) -> dict[str, int]:
        return {name: int(self.value(name) or 0) for name in ("received", "processed", "skipped")}

    @property
    def is_settled(self) -> bool:
        counts = self.counts
        return 0 < counts["received"] == counts["processed"] + counts["skipped"]

    def value_becomes(self, key: str, value: str) -> None:
        wait_until(
            lambda: self.value(key) == value, f"{self.name}: {key} {value}; it is {self.value(key)}"
        )


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A node with two cameras, of which the front one sees its lower half alone."""
    given = {**CAMERAS, **EVERY, "roi": "0.0,0.5,1.0,0.5;"}
    with claimed_domain() as domain_id, Observer(domain_id) as observer:
        for one in running_node(domain_id, observer, **given):
            one.program.wait_for_line("active: listening to /front/image_raw, /rear/image_raw")
            yield one


@pytest.fixture(scope="module")
def front(rig: Rig) -> Camera:
    return Camera(rig, "front")


@pytest.fixture(scope="module")
def rear(rig: Rig) -> Camera:
    return Camera(rig, "rear")


def test_each_camera_has_its_own_topics_image_size_and_region(
    rig: Rig, front: Camera, rear: Camera
) -> None:
    small, large = picture(40, 56, seed=1), picture(48, 64, seed=2)
    found = pixels_of(rear.ask(image_message(large)))
    np.testing.assert_array_equal(found, reference_labels(Frame.from_array(large)))
    below = front.ask(image_message(small))
    unknown = set(pixels_of(below)[:20].flat)
    assert (below.height, below.width, len(unknown)) == (40, 56, 1)
    assert (front.value("roi"), rear.value("roi")) == ("0.0,0.5,1.0,0.5", "")
    topics = dict(rig.observer.node.get_topic_names_and_types())
    assert f"{NODE}/labels" not in topics
    assert f"{NODE}/rear/color/compressed" in topics


def test_figures_are_told_by_camera_and_in_sum(rig: Rig, front: Camera, rear: Camera) -> None:
    front.ask(image_message(picture()))
    rear.ask(image_message(picture()))
    rear.publisher.publish(image_message(picture(), encoding="no such"))
    rear.value_becomes("malformed", "1")
    assert front.value("malformed") == "0"
    assert "no such" in rear.value("last_malformation")
    assert rig.program.wait_for_line(r"\[WARN\].*rear: malformed frame")
    assert float(front.value("total_p95_ms")) > 0
    assert (front.value("image"), rig.value("cameras")) == ("64 wide, 48 high, bgr8", "front, rear")

    def adds_up() -> bool:
        counts = [int(one.value("received")) for one in (front, rear)]
        return int(rig.value("received")) == sum(counts)

    wait_until(adds_up, "the sum of both")
    assert front.status is not None
    assert front.status.hardware_id == rig.value("device")


def test_calibrations_stand_beside_their_own_images(rig: Rig, front: Camera, rear: Camera) -> None:
    front_info = rig.observer.publisher(CameraInfo, "/front/camera_info")
    infos = rig.observer.collect(CameraInfo, f"{NODE}/front/camera_info", RELIABLE)
    front.value_becomes("camera_info_listeners", "1")

    def is_known() -> bool:
        front_info.publish(calibration())
        return front.value("camera_info") == "48 high, 64 wide, from /front/camera_info"

    wait_until(is_known, "a calibration", step_s=0.05)
    assert rear.value("camera_info") == "none yet on /rear/camera_info"
    labels = front.ask(image_message(picture()))
    info = infos.wait_for(lambda one: one.header.stamp == labels.header.stamp, "calibration")
    assert (info.height, info.width) == (48, 64)


def test_the_legend_is_that_of_all_cameras_and_times_are_by_camera(rig: Rig, rear: Camera) -> None:
    with rig.observer.listening(String, f"{NODE}/legend", LATCHED) as legends:
        assert json.loads(legends.wait(1)[0].data)["classes"]
    with rig.observer.listening(Float64, f"{NODE}/rear/timing/total_ms", RELIABLE) as times:
        wait_until(lambda: rear.ask(image_message(picture())) and len(times), "a time to plot")


def test_regions_can_be_changed_while_it_runs(rig: Rig, front: Camera, rear: Camera) -> None:
    try:
        assert "2 cameras" in rig.set_parameter("roi", ";;")
        assert rig.set_parameter("roi", "0.0,0.5,1.0,0.5;0.0,0.5,1.0,0.5") == ""
        rear.value_becomes("roi", "0.0,0.5,1.0,0.5")
        labels = pixels_of(rear.ask(image_message(picture())))
        assert len(set(labels[:24].flat)) == 1
        assert (front.value("malformed"), front.value("failed")) == ("0", "0")
    finally:
        assert rig.set_parameter("roi", "0.0,0.5,1.0,0.5;") == ""
        rear.value_becomes("roi", "")


def test_a_camera_comes_late_vanishes_and_comes_back_while_the_other_is_answered(
    domain_id: int, observer: Observer
) -> None:
    with node(domain_id, observer, **CAMERAS, **EVERY) as rig:
        rig.program.wait_for_line("active: ")
        front, rear = Camera(rig, "front"), Camera(rig, "rear", present=False)
        front.ask(image_message(picture()))
        wait_until(lambda: rear.status is not None and rear.status.level == STALE, "no rear camera")
        assert "no frame on /rear/image_raw yet (0 publishers" in rear.status.message
        for _ in range(2):
            rear.appear()
            assert rear.ask(image_message(picture())).height == 48
            assert front.ask(image_message(picture())).height == 48
            rear.vanish()
            assert front.ask(image_message(picture())).height == 48
        assert (front.value("failed"), rear.value("failed")) == ("0", "0")


def test_a_fast_camera_loses_its_own_frames_and_none_of_a_slow_one(
    domain_id: int, observer: Observer, tmp_path: Path
) -> None:
    release = tmp_path / "release"
    program = str(Path(__file__).with_name("hindered_node.py"))
    given = {**CAMERAS, "qos": "reliable", "qos_depth": 100}
    with node(domain_id, observer, program, str(release), **given) as rig:
        rig.program.wait_for_line("active: ")
        front, rear = Camera(rig, "front"), Camera(rig, "rear")
        for camera in (front, rear):
            camera.settle()
        front_before, rear_before = front.counts, rear.counts
        held = image_message(picture())
        held.header.frame_id = "hold"
        front.publisher.publish(held)
        rig.program.wait_for_line("^held$")
        for _ in range(4):
            front.publisher.publish(image_message(picture()))
        front.value_becomes("received", str(front_before["received"] + 5))
        rear.publisher.publish(image_message(picture()))
        rear.value_becomes("received", str(rear_before["received"] + 1))
        release.touch()
        front.value_becomes("processed", str(front_before["processed"] + 2))
        rear.value_becomes("processed", str(rear_before["processed"] + 1))
        assert front.counts["skipped"] == front_before["skipped"] + 3
        assert rear.counts["skipped"] == rear_before["skipped"]


def test_one_camera_that_has_a_name_is_told_of_as_one_of_several(
    domain_id: int, observer: Observer
) -> None:
    given = {"image_topic": "/front/image_raw", "camera_names": ["front"], **EVERY}
    with node(domain_id, observer, **given, autostart=False) as rig:
        unconfigured = rig.diagnostics.wait(1)[0]
        assert [one.name for one in unconfigured.status] == ["segmentation_node: segmentation"]
        assert rig.change_state(Transition.TRANSITION_CONFIGURE)
        assert rig.change_state(Transition.TRANSITION_ACTIVATE)
        front = Camera(rig, "front")
        answered = front.ask(image_message(picture()))
        assert answered.header.frame_id == "front_camera"
        names = [one.name for one in rig.diagnostics[-1].status]
        assert names == [
            "segmentation_node: segmentation",
            "segmentation_node: front segmentation",
            "segmentation_node: front input drift",
        ]
        assert rig.value("cameras") == "front"
        assert front.value("input_topic") == "/front/image_raw"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"camera_names": ["front"]}, "one name for each of image_topics"),
        ({"roi": "0,0,8,8;0,0,8,8;"}, "3 regions for 2 cameras"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(
    domain_id: int, observer: Observer, given: dict[str, object], said: str
) -> None:
    with node(domain_id, observer, **CAMERAS, **given) as rig:
        line = rig.program.wait_for_line("cannot configure")
        assert said in line
        refused = rig.diagnostics.wait_for(
            lambda one: one.status[0].level == DiagnosticStatus.ERROR, "error"
        )
        assert len(refused.status) == 1
