from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistakes.table import Mistake, told
from offered import BEST_EFFORT, RELIABLE, offered

from segmentation_node.cameras import cameras_of
from segmentation_node.config import NodeConfig
from segmentation_node.doctor import camera as doctor
from segmentation_node.doctor.trial import Trial
from segmentation_node.pipeline.loss import Loss
from segmentation_node.ros.camera_info import CameraInfoRelay
from segmentation_node.ros.image_subscription import Offer
from segmentation_node.ros.input_faults import InputFaults, Sight
from segmentation_node.ros.legend import Legend
from segmentation_node.ros.namesakes import Namesakes

IMAGE, PACKED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
DRIVER = Offer("/driver", IMAGE, offered(BEST_EFFORT))
CAREFUL = Offer("/driver", IMAGE, offered(RELIABLE))
FINE = Sight("/camera/image_raw", IMAGE, offered(BEST_EFFORT), [DRIVER], silence_s=0.03)
NOBODY = replace(FINE, offers=[], silence_s=None)
LOST = Loss(received=12, lost=186)


def seen(**changed: Any) -> Callable[[Path], str]:
    """What is logged where something is wrong about the input, for a minute."""
    return lambda _: logged(replace(FINE, **changed))


def logged(sight: Sight) -> str:
    now_s = [100.0]
    sentences: list[str] = []
    faults = InputFaults(sentences.append, 2.0, lambda: now_s[0])
    for _ in range(60):
        now_s[0] += 1.0
        faults.judge(sight)
    return "\n".join(sentences)


def refused(**parameters: Any) -> Callable[[Path], str]:
    return lambda _: told(lambda: cameras_of(NodeConfig(**parameters)))


def _two_nodes(_: Path) -> str:
    now_s = [5.0]
    sentences: list[str] = []
    namesakes = Namesakes("/segmentation_node", sentences.append, lambda: now_s[0])
    for _ in range(9):
        now_s[0] += 1.0
        namesakes.look([("segmentation_node", "/")] * 2)
    return "\n".join(sentences)


def _other_frame(_: Path) -> str:
    from sensor_msgs.msg import CameraInfo  # noqa: PLC0415
    from std_msgs.msg import Header  # noqa: PLC0415

    sentences: list[str] = []
    relay = CameraInfoRelay(
        mock.MagicMock(), "~/camera_info", lambda _, sentence: sentences.append(sentence)
    )
    info = CameraInfo()
    info.header.frame_id = "rear"
    relay._take(info)
    relay.publish(mock.MagicMock(), Header(frame_id="front"))
    return "\n".join(sentences)


def _no_vision_msgs(_: Path) -> str:
    node = mock.MagicMock()
    with mock.patch("segmentation_node.ros.legend.vision_msgs", lambda: None):
        Legend(node)
    return str(node.get_logger().info.call_args.args[0])


def doctor_finds(**values: Any) -> Callable[[Path], str]:
    usual = {"publishers": ["/driver"], "heard": True, "received": 75, "lost": 0, "rate_hz": 15.0}
    found = Trial({**usual, "others": [], **values})

    def examine(_: Path) -> str:
        with mock.patch.object(doctor, "_listen", lambda *_: found):
            rows = list(doctor.examine("/camera/image_raw"))
        return f"{rows[-1].found}; {rows[-1].remedy}"

    return examine


MISTAKES: list[Mistake] = [
    Mistake(
        "driver_with_default_dds",
        "of the frames are lost on the way",
        "The camera driver runs with the default settings of Fast DDS, which lose large images.",
        "Type the line that the message names in the driver's terminal, and start the driver "
        "again; or let the driver publish reliably.",
        seen(loss=LOST),
        ("94 %", 'doctor --dds-environment)"', "/driver"),
    ),
    Mistake(
        "reliable_driver_asked_for_best_effort",
        "set qos to auto: the publisher is reliable",
        "The node asks for best effort, and frames that are lost are not sent again.",
        "Leave `qos` at `auto`.",
        seen(loss=LOST, offers=[CAREFUL]),
    ),
    Mistake(
        "reliable_frames_dropped",
        "give the driver's publisher a greater depth",
        "The publisher keeps too few frames for a subscriber that is late.",
        "Raise the depth of the driver's publisher.",
        seen(loss=LOST, offers=[CAREFUL], requested=offered(RELIABLE)),
    ),
    Mistake(
        "other_middleware_loses",
        "see docs/dds.md, Other middlewares, for rmw_cyclonedds_cpp",
        "The middleware's buffers are too small for images.",
        "Raise them as docs/dds.md says.",
        seen(loss=LOST, middleware="rmw_cyclonedds_cpp"),
    ),
    Mistake(
        "reliable_asked_of_best_effort_driver",
        "no frame comes from a publisher",
        "A reliable subscription hears nothing from a best-effort publisher.",
        "Set `qos` to `auto`.",
        seen(requested=offered(RELIABLE), silence_s=None),
        ("set qos to sensor_data or auto",),
    ),
    Mistake(
        "misspelt_topic",
        "fix: set image_topic to /camera/image_raw",
        "Nobody publishes the topic, but one of nearly the same name.",
        "Correct `image_topic`.",
        lambda _: logged(
            replace(NOBODY, topic="/camera/imag_raw", other_topics=[("/camera/image_raw", IMAGE)])
        ),
        ("received no publisher of /camera/imag_raw", f"/camera/image_raw ({IMAGE})"),
    ),
    Mistake(
        "no_camera",
        "no image topic exists here",
        "No camera driver runs, or it runs in another ROS domain.",
        "Start the driver, with the same ROS_DOMAIN_ID.",
        lambda _: logged(NOBODY),
        ("same ROS_DOMAIN_ID",),
    ),
    Mistake(
        "only_compressed_published",
        "but one of /camera/image_raw/compressed",
        "The camera, or the bag, has compressed images only.",
        "Set `image_transport` to `compressed`.",
        lambda _: logged(replace(NOBODY, next_door="/camera/image_raw/compressed")),
        ("by image_transport",),
    ),
    Mistake(
        "topic_of_something_else",
        "a publisher is of another type",
        "The topic carries messages that are no images.",
        "Correct `image_topic`.",
        seen(offers=[replace(DRIVER, msgtype="sensor_msgs/msg/PointCloud2")]),
        ("sensor_msgs/msg/PointCloud2", "correct image_topic"),
    ),
    Mistake(
        "silent_camera",
        "received no frame on /camera/image_raw for",
        "The driver is there and sends nothing.",
        "See whether the camera runs, or the bag is paused.",
        seen(silence_s=None),
        ("expected frames from /driver",),
    ),
    Mistake(
        "two_cameras_on_one_topic",
        "images of several publishers are mixed",
        "Two drivers publish the same topic, often a bag beside the live camera.",
        "Stop one of them, or remap it.",
        seen(offers=[DRIVER, replace(CAREFUL, node="/bag_player")]),
        ("/driver", "/bag_player"),
    ),
    Mistake(
        "stamps_of_zero",
        "received images with a stamp of zero",
        "The driver does not fill in header.stamp.",
        "Have it set the time of capture.",
        seen(has_stamps=False),
        ("header.stamp",),
    ),
    Mistake(
        "sim_time_without_clock",
        "received no publisher of /clock with use_sim_time set",
        "The node waits for simulated time, and nobody publishes it.",
        "Play the bag with `--clock`, or leave `use_sim_time` false.",
        seen(waits_for_clock=True),
        ("--clock",),
    ),
    Mistake(
        "two_nodes_of_one_name",
        "received 2 nodes named /segmentation_node",
        "The node was started twice.",
        "Stop one, or rename it with `-r __node:=NAME`.",
        _two_nodes,
        ("__node:=",),
    ),
    Mistake(
        "calibration_of_another_camera",
        "received a calibration of the frame rear",
        "camera_info comes from another camera than the images, or the driver names two frames.",
        "Correct frame_id in the driver, or remap camera_info.",
        _other_frame,
        ("images of the frame front", "expected one frame_id"),
    ),
    Mistake(
        "no_vision_msgs",
        "no ~/label_info: vision_msgs is not installed",
        "vision_msgs is an optional package of ROS.",
        "`apt install ros-$ROS_DISTRO-vision-msgs`, or read `~/legend`.",
        _no_vision_msgs,
        ("~/legend",),
    ),
    Mistake(
        "suffix_twice",
        "the topic of the raw images, to which /compressed is added",
        "`image_transport: compressed` adds /compressed to a topic that ends so already.",
        "Give the topic without the suffix.",
        refused(image_topic="/camera/image_raw/compressed", image_transport="compressed"),
        ("give /camera/image_raw",),
    ),
    Mistake(
        "one_topic_twice",
        "expected each topic once",
        "Two cameras were given the same topic.",
        "Leave one out.",
        refused(image_topics=("/front/image_raw", "/front/image_raw")),
    ),
    Mistake(
        "names_do_not_match_topics",
        "one name for each of image_topics",
        "There are more cameras than names, or fewer.",
        "Give one name for each topic, or none.",
        refused(image_topics=("/front/image_raw", "/rear/image_raw"), camera_names=("front",)),
    ),
    Mistake(
        "doctor_on_a_careless_driver",
        "% lost from /driver",
        "The driver's process lacks the settings for images over DDS.",
        "Type the line in the driver's terminal, and start the driver again.",
        doctor_finds(received=6, lost=69),
        ('doctor --dds-environment)"',),
    ),
    Mistake(
        "doctor_on_a_topic_without_a_camera",
        "no publisher of images",
        "The topic given to `doctor --camera` has no publisher.",
        "Take one of the topics that the message lists.",
        doctor_finds(publishers=[], others=["/front/image_raw (sensor_msgs/msg/Image)"]),
        ("/front/image_raw",),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)


@given(lost=st.integers(3, 1000), received=st.integers(0, 1000), silent=st.booleans())
def test_a_stream_that_loses_is_told_of_once_whatever_its_share(
    lost: int, received: int, silent: bool
) -> None:
    """One sentence in a minute, with the cure; below 1 % none."""
    said = logged(replace(FINE, loss=Loss(received, lost), silence_s=0.1 if not silent else 9.0))
    if lost > 0.01 * (lost + received):
        assert said.count("received ") == 1
        assert "are lost on the way" in said
        assert "--dds-environment" in said
    else:
        assert "lost on the way" not in said


@given(name=st.from_regex(r"/[a-z]{6,12}/image_raw", fullmatch=True), at=st.integers(1, 5))
def test_a_topic_with_a_letter_too_few_is_pointed_to_the_right_one(name: str, at: int) -> None:
    misspelt = name[:at] + name[at + 1 :]
    others = [(name, IMAGE), ("/depth/points", PACKED)]
    said = logged(replace(NOBODY, topic=misspelt, other_topics=others))
    assert f"fix: set image_topic to {name}" in said
