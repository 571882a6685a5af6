"""Bags as they lie on disks, and outputs that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mistakes.table import Mistake, told
from small_bags import write_bag

from segmentation_node.bags.images import choose_image_topics
from segmentation_node.bags.reader import BagReader
from segmentation_node.offline.job import Request
from segmentation_node.offline.kinds import kind_of
from segmentation_node.offline.plan import plan
from segmentation_node.offline.run import check


def read(path: Path) -> None:
    with BagReader(path) as bag:
        for _ in bag.messages():
            pass


def whole(folder: Path) -> Path:
    """A bag of one file with nothing wrong."""
    return write_bag(folder / "drive.mcap")


def changed(change: Callable[[bytes], bytes]) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        bag = whole(folder)
        bag.write_bytes(change(bag.read_bytes()))
        return told(read, bag)

    return make


def named(name: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        return told(kind_of, whole(folder).rename(folder / name))

    return make


def in_capitals(folder: Path) -> str:
    return told(read, whole(folder).rename(folder / "drive.MCAP"))


def topics(*wanted: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        with BagReader(whole(folder)) as bag:
            return told(choose_image_topics, bag, wanted)

    return make


def to(output: str) -> Callable[[Path], str]:
    return lambda folder: told(check, Request(whole(folder), folder / output))


def without_metadata(folder: Path) -> str:
    (folder / "drive").mkdir()
    whole(folder).rename(folder / "drive" / "drive_0.mcap")
    return told(read, folder / "drive")


def onto_a_file(folder: Path) -> str:
    (folder / "out").write_text("precious")
    return told(plan, [whole(folder)], Request(folder, folder / "out"))


def twice_the_same_name(folder: Path) -> str:
    for name in ("a", "b"):
        (folder / name).mkdir()
        whole(folder / name)
    bags = [folder / name / "drive.mcap" for name in ("a", "b")]
    return told(plan, bags, Request(folder, folder / "out"))


MISTAKES = [
    Mistake(
        "cut_short",
        "the damaged bag",
        "The recording was killed, or the copy was interrupted.",
        "Run the command that the message names: it recovers what is whole.",
        changed(lambda data: data[: len(data) // 2]),
        also=("mcap recover",),
    ),
    Mistake(
        "no_bag_at_all",
        "the damaged bag",
        "The file ends in .mcap and holds something else.",
        "Give the bag itself.",
        changed(lambda _: b"#!/bin/sh\n"),
    ),
    Mistake(
        "an_empty_file",
        "the damaged bag",
        "The disk was full when the bag was written.",
        "Record or copy it again.",
        changed(lambda _: b""),
    ),
    Mistake(
        "a_missing_bag",
        "which does not exist",
        "The path is misspelt, or its disk is not mounted.",
        "Check the path.",
        lambda folder: told(read, folder / "nowhere.mcap"),
    ),
    Mistake(
        "no_metadata",
        "without a metadata.yaml",
        "The folder of the bag lost its metadata.yaml.",
        "Give the .mcap or .db3 file itself, or run `ros2 bag reindex`.",
        without_metadata,
        also=("ros2 bag reindex",),
    ),
    Mistake(
        "a_bag_of_ros_1",
        "a bag of ROS 1",
        "ROS 1 bags are of another format.",
        "Convert it: `rosbags-convert --src drive.bag --dst drive`.",
        named("drive.bag"),
        also=("rosbags-convert --src",),
    ),
    Mistake(
        "a_compressed_file",
        "a compressed file",
        "The whole file was compressed after recording.",
        "Unpack it: `zstd -d FILE`.",
        named("drive.mcap.zstd"),
        also=("zstd -d",),
    ),
    Mistake(
        "an_ending_in_capitals",
        "is not in small letters",
        "The ending is written in capitals.",
        "Rename the file as the message says.",
        in_capitals,
        also=("drive.mcap",),
    ),
    Mistake(
        "an_unknown_ending",
        "with the ending '.rosbag'",
        "The ending says nothing that is read here.",
        "Rename it to .mcap or .db3, whichever it is.",
        named("drive.rosbag"),
    ),
    Mistake(
        "a_misspelt_topic",
        "the topic /camera/image (not in the bag)",
        "The bag has no topic of that name.",
        "Write one that the message lists.",
        topics("/camera/image"),
        also=("/camera/image_raw/compressed",),
    ),
    Mistake(
        "a_topic_that_is_no_image",
        "/tf",
        "The topic holds no images.",
        "Name a camera's topic.",
        topics("/tf"),
        also=("tf2_msgs",),
    ),
    Mistake(
        "a_bag_to_a_video",
        "the output is of the input's kind",
        "A bag becomes a bag.",
        "Name an output that ends in .mcap or .db3, or a new folder.",
        to("out.mp4"),
    ),
    Mistake(
        "a_bag_onto_something",
        "which exists already",
        "Nothing is written over.",
        "Choose another name, or remove the old one.",
        lambda folder: told(check, Request(whole(folder), folder / "drive.mcap")),
    ),
    Mistake(
        "many_bags_onto_a_file",
        "a folder for many bags",
        "The output of many bags is a folder, and a file of that name stands there.",
        "Name a folder.",
        onto_a_file,
    ),
    Mistake(
        "two_bags_of_one_name",
        "which would both become",
        "Two bags of one name would go to one place.",
        "Give the folder that both are in.",
        twice_the_same_name,
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)


def test_what_the_mistakes_change_is_taken_without_them(tmp_path: Path) -> None:
    read(whole(tmp_path))
