from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_bags import PERIOD_NS, START_NS, picture, write_bag, write_cameras

from segmentation_node.bags.images import (
    base_topic,
    choose_image_topic,
    choose_image_topics,
    decode_frame,
    image_topics,
    left_by_name,
)
from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.errors import BagError, FrameError
from segmentation_node.media.codec import encode_png

LOSSLESS = {".webp": [cv2.IMWRITE_WEBP_QUALITY, 101]}


@pytest.mark.parametrize("compressed", [False, True])
def test_an_image_message_becomes_a_frame_with_its_stamp(tmp_path: Path, compressed: bool) -> None:
    with BagReader(write_bag(tmp_path / "a.mcap", compressed=compressed)) as bag:
        frames = [decode_frame(m) for m in bag.messages([choose_image_topic(bag)])]
    assert [frame.stamp_ns for frame in frames] == [START_NS + i * PERIOD_NS for i in range(3)]
    assert (frames[0].encoding, frames[0].frame_id) == ("bgr8", "camera")
    assert np.abs(frames[2].array.astype(int) - picture(2)).max() < 6


def with_topics(path: Path, *topics: str) -> BagReader:
    with BagWriter(path) as bag:
        for topic in topics:
            image = compressed_image(encode_png(picture(1)), "png", 1, "camera")
            bag.write_message(bag.add_topic(topic, "sensor_msgs/msg/CompressedImage"), 1, image)
    return BagReader(path)


def test_label_and_depth_topics_are_no_cameras(tmp_path: Path) -> None:
    names = ("/camera/image_raw/compressed", "/camera/labels/compressed", "/depth/image")
    with with_topics(tmp_path / "a.mcap", *names) as bag:
        assert image_topics(bag) == ("/camera/image_raw/compressed",)


def test_raw_and_compressed_of_one_camera_count_once(tmp_path: Path) -> None:
    with with_topics(tmp_path / "a.mcap", "/cam", "/cam/compressed") as bag:
        assert choose_image_topic(bag) == "/cam/compressed"
    assert base_topic("/cam/compressed") == base_topic("/cam") == "/cam"


def test_the_wanted_topic_is_taken(tmp_path: Path) -> None:
    with with_topics(tmp_path / "a.mcap", "/left", "/right") as bag:
        assert choose_image_topic(bag, "/right") == "/right"
        with pytest.raises(BagError, match=r"2 camera topics \(/left, /right\).*--topic"):
            choose_image_topic(bag)
        with pytest.raises(BagError, match="not in the bag"):
            choose_image_topic(bag, "/middle")


def test_a_bag_without_images_names_what_it_holds(tmp_path: Path) -> None:
    with BagReader(write_bag(tmp_path / "a.mcap", frames=0)) as bag:
        with pytest.raises(BagError, match="std_msgs/msg/Int32"):
            choose_image_topic(bag)
        with pytest.raises(BagError, match="an image topic"):
            choose_image_topic(bag, "/tf")


def test_a_truncated_jpeg_is_a_frame_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with BagWriter(path) as bag:
        topic = bag.add_topic("/cam/compressed", "sensor_msgs/msg/CompressedImage")
        bag.write_message(topic, 1, compressed_image(b"\xff\xd8\xff\xe0", "jpeg", 1, ""))
    with BagReader(path) as bag, pytest.raises(FrameError, match="4 bytes"):
        decode_frame(next(bag.messages()))


def test_every_camera_is_meant_unless_some_are_named(tmp_path: Path) -> None:
    names = ("/left/image_raw", "/right/compressed", "/right", "/depth/image")
    with BagReader(write_cameras(tmp_path / "a.mcap", *names)) as bag:
        assert choose_image_topics(bag) == ("/left/image_raw", "/right/compressed")
        assert choose_image_topics(bag, ["/right", "/right"]) == ("/right",)
        assert choose_image_topics(bag, ["/depth/image"]) == ("/depth/image",)
        with pytest.raises(BagError, match="not in the bag"):
            choose_image_topics(bag, ["/left/image_raw", "/middle"])


def test_what_a_segmentation_node_has_answered_is_no_camera(tmp_path: Path) -> None:
    names = ("/cam", "/node/labels", "/node/color", "/node/overlay/compressed", "/rig/color")
    with BagReader(write_cameras(tmp_path / "a.mcap", *names)) as bag:
        assert image_topics(bag) == ("/cam", "/rig/color")


MADE = ("/front/segmentation", "/front/semantic", "/front/overlay_image", "/front/instance_mask")


def test_what_is_no_cameras_by_its_name_is_left_out_with_a_word(tmp_path: Path) -> None:
    with BagReader(write_cameras(tmp_path / "a.mcap", "/front/image_raw", *MADE)) as bag:
        assert choose_image_topics(bag) == ("/front/image_raw",)
        left = left_by_name(bag)
        assert set(left) == set(MADE)
        assert "segmentation in its name" in left["/front/segmentation"]
        assert choose_image_topics(bag, MADE[:1]) == MADE[:1]


def test_a_bag_of_such_topics_alone_says_how_to_take_one(tmp_path: Path) -> None:
    with (
        BagReader(write_cameras(tmp_path / "a.mcap", *MADE)) as bag,
        pytest.raises(BagError, match=r"/front/overlay_image: no camera's.*name one with --topic"),
    ):
        choose_image_topics(bag)


def test_a_bag_without_cameras_has_none_to_choose(tmp_path: Path) -> None:
    with (
        BagReader(write_bag(tmp_path / "a.mcap", frames=0)) as bag,
        pytest.raises(BagError, match="0 camera topics"),
    ):
        choose_image_topics(bag)


@pytest.mark.parametrize("size", [4, 20, 60, 2000])
def test_a_message_cut_short_is_a_frame_error(tmp_path: Path, size: int) -> None:
    with BagReader(write_bag(tmp_path / "a.mcap", compressed=False)) as bag:
        message = next(bag.messages(["/camera/image_raw"]))
        with pytest.raises(FrameError, match=f"a message of {size} bytes"):
            decode_frame(replace(message, data=message.data[:size]))


@pytest.mark.parametrize("suffix", [".webp", ".tiff", ".bmp"])
def test_a_bag_holds_what_the_node_reads_too(suffix: str) -> None:
    kind = "sensor_msgs/msg/CompressedImage"
    done, data = cv2.imencode(suffix, picture(0), LOSSLESS.get(suffix, []))
    assert done
    content = compressed_image(bytes(data), suffix[1:], START_NS, "front")
    message = Message("/cam", kind, START_NS, bytes(typestore().serialize_cdr(content, kind)), None)
    np.testing.assert_array_equal(decode_frame(message).array, picture(0))
