"""Faults of the input: named with both sides, logged once, and gone when they are."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import MagicMock

import pytest
from offered import BEST_EFFORT, RELIABLE, offered

from segmentation_node.pipeline.loss import Loss
from segmentation_node.pipeline.monitor import Monitor
from segmentation_node.ros.image_subscription import Offer
from segmentation_node.ros.input_faults import NOBODY_S, REPEAT_S, TWO_S, InputFaults, Sight
from segmentation_node.ros.input_life import RATE_S, InputLife
from segmentation_node.ros.input_watch import LOOKS_FOR_NAMES, InputWatch

IMAGE = "sensor_msgs/msg/Image"
DRIVER, BAG = Offer("/driver", IMAGE, offered(BEST_EFFORT)), Offer("/bag", IMAGE, offered(RELIABLE))
ALL_WELL = Sight("/image", IMAGE, offered(BEST_EFFORT), [DRIVER], silence_s=0.03)


class Watched:
    """Faults with a clock that stands still, and what they have logged."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.logged: list[str] = []
        self.told: list[str] = []
        self.faults = InputFaults(self.logged.append, 2.0, lambda: self.now_s, self.told.append)
        self.life = InputLife(self.told.append, lambda: self.now_s)

    def see(self, sight: Sight, after_s: float = 0.0) -> tuple[str, ...]:
        self.now_s += after_s
        self.faults.judge(sight)
        self.life.judge(sight)
        return self.faults.sentences


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_frames_that_arrive_are_no_fault(watched: Watched) -> None:
    for _ in range(5):
        assert watched.see(ALL_WELL, after_s=3.0) == ()
    assert watched.logged == []


def test_a_publisher_that_cannot_be_heard_is_named_once_with_both_sides(watched: Watched) -> None:
    deaf = replace(ALL_WELL, requested=offered(RELIABLE), silence_s=None)
    for _ in range(4):
        (sentence,) = watched.see(deaf, after_s=3.0)
    assert "/driver (sensor_msgs/msg/Image, best_effort, volatile)" in sentence
    assert "a subscription that is reliable, volatile" in sentence
    assert "fix: set qos to sensor_data or auto" in sentence
    assert watched.logged == [sentence]
    assert watched.see(replace(deaf, offers=[])) == ()
    assert watched.see(replace(deaf, offers=[BAG])) == ()


def test_a_second_publisher_that_cannot_be_heard_is_named_beside_the_first(
    watched: Watched,
) -> None:
    deaf = replace(ALL_WELL, requested=offered(RELIABLE), offers=[BAG, DRIVER])
    watched.see(deaf)
    other = replace(DRIVER, node="/other")
    (sentence,) = watched.see(replace(deaf, offers=[BAG, DRIVER, other]))
    assert "/driver" in sentence
    assert "/other" in sentence
    assert "/bag" not in sentence
    assert len(watched.logged) == 2


def test_images_that_are_published_next_door_are_named_once(watched: Watched) -> None:
    """A bag of compressed images, and a node that waits for raw ones: both would be silent."""
    nobody = replace(ALL_WELL, offers=[], silence_s=None)
    next_door = replace(nobody, next_door="/image/compressed")
    assert watched.see(nobody, after_s=5.0) == ()
    assert watched.see(next_door) == ()
    (sentence,) = watched.see(next_door, after_s=2.5)
    assert "no publisher of /image, but one of /image/compressed" in sentence
    assert "fix: take those by image_transport" in sentence
    watched.see(next_door, after_s=1.0)
    assert watched.logged == [sentence]
    assert watched.see(ALL_WELL) == ()
    # A player that begins anew publishes both topics in turn: no fault at once.
    assert watched.see(next_door) == ()


def test_silence_is_a_fault_after_the_time_that_is_allowed_and_ends_with_a_frame(
    watched: Watched,
) -> None:
    silent = replace(ALL_WELL, silence_s=None)
    assert watched.see(silent) == ()
    assert watched.see(silent, after_s=2.0) == ()
    (sentence,) = watched.see(silent, after_s=0.5)
    assert "no frame on /image for 2.5 s; expected frames from /driver" in sentence
    assert watched.see(silent, after_s=1.0) != ()
    assert watched.see(replace(silent, silence_s=0.1)) == ()
    assert watched.told == ["frames come again on /image, after 3.5 s of none"]
    # A stream that stutters is not logged again and again, and stays in the diagnostics.
    assert watched.see(replace(silent, silence_s=2.6), after_s=2.5) != ()
    assert watched.see(replace(silent, silence_s=0.1)) == ()
    assert (len(watched.logged), len(watched.told)) == (1, 1)
    assert watched.see(replace(silent, silence_s=2.6), after_s=REPEAT_S + 3.0) != ()
    assert len(watched.logged) == 2


def test_silence_counts_from_when_there_was_somebody_to_hear(watched: Watched) -> None:
    nobody = replace(ALL_WELL, offers=[], silence_s=500.0)
    assert watched.see(nobody, after_s=50.0) == ()
    somebody = replace(ALL_WELL, silence_s=500.0)
    assert watched.see(somebody, after_s=1.0) == ()
    assert watched.see(somebody, after_s=1.9) == ()
    assert watched.see(somebody, after_s=0.2) != ()


def test_a_node_that_is_too_busy_to_take_frames_does_not_blame_the_camera(
    watched: Watched,
) -> None:
    busy = replace(ALL_WELL, silence_s=60.0, takes=False)
    watched.see(ALL_WELL)
    assert watched.see(busy, after_s=60.0) == ()
    assert watched.see(replace(busy, takes=True), after_s=0.5) == ()


@pytest.mark.parametrize(
    ("others", "expected"),
    [([], "Image or sensor_msgs/msg/CompressedImage;"), ([DRIVER], "sensor_msgs/msg/Image alone;")],
)
def test_a_publisher_of_another_type_is_named_once_and_not_missed(
    watched: Watched, others: list[Offer], expected: str
) -> None:
    cloud = replace(BAG, msgtype="sensor_msgs/msg/PointCloud2")
    mistaken = replace(ALL_WELL, offers=[cloud, *others])
    for _ in range(3):
        (sentence,) = watched.see(mistaken, after_s=60.0)
    assert "received /bag (sensor_msgs/msg/PointCloud2, reliable, volatile) on /image" in sentence
    assert expected in sentence
    assert "fix: correct image_topic" in sentence
    assert watched.logged == [sentence]
    assert watched.see(ALL_WELL) == ()


def test_a_publisher_without_a_name_is_waited_for_and_then_told_of_all_the_same() -> None:
    nameless, images = Offer("", IMAGE, offered(BEST_EFFORT)), MagicMock()
    images.rematch.return_value = ""
    seen = {"offers": [DRIVER, nameless], "qos": offered(RELIABLE), "msgtype": IMAGE}
    images.configure_mock(next_door="", **seen)
    watched = Watched()
    life = InputLife(watched.told.append)
    watch = InputWatch(MagicMock(), images, watched.faults, life, Monitor(), lambda: True)
    for _ in range(LOOKS_FOR_NAMES):
        watch.look()
    assert (images.rematch.called, watched.logged) == (False, [])
    watch.look()
    assert "/driver" in watched.logged[0]
    assert "a node without a name (sensor_msgs/msg/Image, best_effort" in watched.logged[0]
    # One whose name is known needs no patience, and gives it to the next.
    images.offers = [DRIVER]
    watch.look()
    assert len(watched.logged) == 2
    images.offers = [DRIVER, nameless]
    watch.look()
    assert len(watched.logged) == 2


def test_another_allowance_holds_from_the_next_look_on(watched: Watched) -> None:
    silent = replace(ALL_WELL, silence_s=None)
    watched.see(silent)
    watched.faults.allowed_s = 60.0
    assert watched.see(silent, after_s=30.0) == ()


LOSING = replace(ALL_WELL, loss=Loss(received=12, lost=186))


def test_frames_that_are_lost_are_told_of_once_with_their_share_and_the_line_to_type(
    watched: Watched,
) -> None:
    """Whatever the stutter looks like: seven warnings of silence said nothing of the cause."""
    for silence_s in (0.1, 2.5, 0.1, 3.1, 0.1):
        (sentence,) = watched.see(replace(LOSING, silence_s=silence_s), after_s=3.0)
    assert "94 % of the frames are lost on the way: received 12 of 198" in sentence
    assert "on /image from /driver" in sentence
    assert 'segmentation doctor --dds-environment)" and start the driver again' in sentence
    assert watched.logged == [sentence]
    assert watched.see(ALL_WELL, after_s=11.0) == ()
    assert watched.see(LOSING) != ()
    assert len(watched.logged) == 1


@pytest.mark.parametrize(("lost", "received"), [(0, 150), (2, 20), (1, 150), (3, 400)])
def test_a_frame_or_two_are_no_loss_worth_a_warning(
    watched: Watched, lost: int, received: int
) -> None:
    assert watched.see(replace(ALL_WELL, loss=Loss(received, lost))) == ()


@pytest.mark.parametrize(
    ("sight", "cure"),
    [
        (replace(LOSING, offers=[BAG]), "set qos to auto: the publisher is reliable"),
        (replace(LOSING, offers=[BAG], requested=offered(RELIABLE)), "a greater depth"),
        (replace(LOSING, middleware="rmw_cyclonedds_cpp"), "docs/dds.md, Other middlewares"),
        (replace(LOSING, offers=[]), "--dds-environment"),
    ],
)
def test_the_cure_of_lost_frames_fits_what_was_asked_and_the_middleware(
    watched: Watched, sight: Sight, cure: str
) -> None:
    watched.see(sight)
    assert cure in watched.logged[0]


def test_a_topic_that_nobody_publishes_is_told_of_with_those_that_somebody_does(
    watched: Watched,
) -> None:
    others = [("/imagge", IMAGE), ("/depth/points_image", "sensor_msgs/msg/CompressedImage")]
    nobody = replace(ALL_WELL, offers=[], silence_s=None, other_topics=others)
    for _ in range(4):
        # The diagnostics call it stale.
        assert watched.see(nobody, after_s=NOBODY_S + 0.5) == ()
    (sentence,) = watched.logged
    assert "received no publisher of /image; expected one" in sentence
    assert "/imagge (sensor_msgs/msg/Image), /depth/points_image (sensor" in sentence
    assert "fix: set image_topic to /imagge" in sentence


def test_where_no_image_topic_exists_at_all_the_driver_is_missing(watched: Watched) -> None:
    nobody = replace(ALL_WELL, offers=[], silence_s=None)
    watched.see(nobody)
    watched.see(nobody, after_s=NOBODY_S + 0.5)
    assert "exists here; fix: start the camera driver, in the same ROS_DOM" in watched.logged[0]


def test_a_camera_that_has_been_there_is_gone_and_not_on_another_topic(watched: Watched) -> None:
    gone = replace(ALL_WELL, offers=[], received=9, silence_s=60.0)
    watched.see(gone)
    watched.see(gone, after_s=NOBODY_S + 0.5)
    assert watched.logged == []


def test_two_cameras_on_one_topic_are_told_of_unless_one_takes_over(watched: Watched) -> None:
    two = replace(ALL_WELL, offers=[DRIVER, BAG])
    assert watched.see(two) == ()
    assert watched.see(ALL_WELL, after_s=TWO_S + 1) == ()
    assert watched.see(two) == ()
    (sentence,) = watched.see(two, after_s=TWO_S + 1)
    assert "received /driver (sensor_msgs/msg/Image, best_effort, volatile) and /bag" in sentence
    assert watched.logged == [sentence]


def test_stamps_of_zero_and_a_clock_that_nobody_publishes_are_told_of_once(
    watched: Watched,
) -> None:
    wrong = replace(ALL_WELL, has_stamps=False, waits_for_clock=True)
    watched.see(wrong)
    for _ in range(3):
        stamps, clock = watched.see(wrong, after_s=TWO_S + 1)
    assert "received images with a stamp of zero on /image" in stamps
    assert "no publisher of /clock with use_sim_time set" in clock
    assert watched.logged == [stamps, clock]
    assert watched.see(ALL_WELL) == ()


def test_the_first_images_are_told_of_with_size_encoding_rate_and_sender(watched: Watched) -> None:
    first = replace(ALL_WELL, received=1, image="1280 wide, 720 high, bgr8")
    watched.see(replace(ALL_WELL, silence_s=None))
    watched.see(first)
    assert watched.told == []
    for received in (31, 61, 91):
        watched.see(replace(first, received=received), after_s=RATE_S)
    assert watched.told == [
        "images on /image: 1280 wide, 720 high, bgr8, 15.0 Hz, from "
        "/driver (sensor_msgs/msg/Image, best_effort, volatile)"
    ]


def test_images_of_another_size_or_encoding_are_told_of(watched: Watched) -> None:
    sight = replace(ALL_WELL, received=1, image="1280 wide, 720 high, bgr8")
    for _ in range(2):
        watched.see(sight, after_s=RATE_S)
    for _ in range(3):
        watched.see(replace(sight, image="640 wide, 480 high, mono8"), after_s=RATE_S)
    for index in range(20):
        name = ("640 wide, 480 high, mono8", "two wide")[index % 2]
        watched.see(replace(sight, image=name), after_s=0.2)
    assert watched.told[1:] == [
        "images on /image are now 640 wide, 480 high, mono8, before 1280 wide, 720 high, bgr8"
    ]


def test_the_topics_that_exist_are_asked_for_once_and_not_at_every_look(watched: Watched) -> None:
    nobody = replace(ALL_WELL, offers=[], silence_s=None)
    asked = []
    for _ in range(60):
        watched.see(nobody, after_s=0.5)
        asked.append(watched.faults.asks_for_topics)
    assert 0 < sum(asked) <= 4
    assert len(watched.logged) == 1


def test_a_camera_that_goes_and_comes_back_is_told_of_once_each(watched: Watched) -> None:
    nobody = replace(ALL_WELL, offers=[])
    for sight in (nobody, ALL_WELL, ALL_WELL, nobody, nobody, replace(ALL_WELL, offers=[BAG])):
        watched.see(sight, after_s=0.2)
    gone, back = watched.told
    assert gone.startswith("camera gone: /driver (sensor_msgs/msg/Image, best_effort, volatile) no")
    assert back.startswith(
        "camera back: /bag (sensor_msgs/msg/Image, reliable, volatile) publishes"
    )
