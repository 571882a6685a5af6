from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import yaml
from locked import lock
from rosbags.rosbag2 import CompressionMode, StoragePlugin
from small_bags import compress_bag, split_bag, write_bag

from segmentation_node.bags.reader import BagReader, is_bag
from segmentation_node.errors import BagError, MediaError
from segmentation_node.offline.kinds import kind_of

NAMES = ["drive", "drive.mcap", "drive.db3"]


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    return path


@pytest.mark.parametrize("name", NAMES)
def test_every_form_of_bag_gives_its_messages_in_order(make_bag, name: str) -> None:
    with BagReader(make_bag(name)) as bag:
        messages = list(bag.messages())
    assert [message.topic for message in messages[:3]] == [
        "/camera/image_raw/compressed",
        "/tf",
        "/count",
    ]
    times = [message.time_ns for message in messages]
    assert times == sorted(times)
    assert (bag.count, bag.start_ns, bag.end_ns) == (9, times[0], times[-1])


def test_topics_and_start_select(make_bag) -> None:
    with BagReader(make_bag()) as bag:
        times = [message.time_ns for message in bag.messages(["/tf"])]
        assert len(times) == bag.count_of("/tf") == 3
        assert [m.time_ns for m in bag.messages(["/tf"], times[1])] == times[1:]
        assert list(bag.messages([])) == []


def test_a_topic_that_is_not_there_is_an_error(make_bag) -> None:
    with BagReader(make_bag()) as bag, pytest.raises(BagError, match="/count, /tf"):
        list(bag.messages(["/nope"]))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
@pytest.mark.parametrize("name", NAMES)
def test_a_bag_cut_short_is_refused_with_a_way_out(make_bag, name: str, share: float) -> None:
    path = make_bag(name, frames=40)
    cut(path if path.is_file() else path / "drive.mcap", share)
    with pytest.raises(BagError, match="recover"), BagReader(path) as bag:
        list(bag.messages())


def test_a_bag_damaged_inside_is_refused(make_bag) -> None:
    path = make_bag("drive.mcap", frames=40)
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 400] = b"\xff" * 400
    path.write_bytes(data)
    with pytest.raises(BagError, match="damaged"), BagReader(path) as bag:
        messages = list(bag.messages())
        pytest.fail(f"read {len(messages)} messages of a damaged bag")


def test_a_folder_without_metadata_is_refused_with_a_way_out(make_bag) -> None:
    path = make_bag()
    (path / "metadata.yaml").unlink()
    with pytest.raises(BagError, match="reindex"):
        BagReader(path)


def test_metadata_that_is_no_yaml_is_refused(make_bag) -> None:
    path = make_bag()
    (path / "metadata.yaml").write_text("a: [1,")
    with pytest.raises(BagError, match="damaged"):
        BagReader(path)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.db3").close()
    with pytest.raises(BagError):
        BagReader(tmp_path / "a.db3")


def test_a_missing_bag_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="does not exist"):
        BagReader(tmp_path / "none.mcap")


def test_closing_twice_is_safe(make_bag) -> None:
    bag = BagReader(make_bag())
    bag.close()
    bag.close()


def test_a_bag_is_known_by_its_looks(make_bag, tmp_path: Path) -> None:
    assert is_bag(make_bag()) and is_bag(Path("a.mcap")) and is_bag(Path("a.db3"))
    assert not is_bag(tmp_path)


def content(path: Path) -> list[tuple[str, int, bytes]]:
    with BagReader(path) as bag:
        return [(m.topic, m.time_ns, bytes(m.data)) for m in bag.messages()]


@pytest.mark.parametrize("storage", StoragePlugin)
@pytest.mark.parametrize("mode", [CompressionMode.FILE, CompressionMode.MESSAGE])
def test_a_compressed_bag_gives_what_went_into_it(
    tmp_path: Path, mode: CompressionMode, storage: StoragePlugin
) -> None:
    plain = write_bag(tmp_path / "a.mcap")
    packed = compress_bag(plain, tmp_path / "packed", mode, storage)
    assert is_bag(packed)
    assert content(packed) == content(plain)


@pytest.mark.parametrize("storage", StoragePlugin)
def test_a_split_bag_is_read_as_one(tmp_path: Path, storage: StoragePlugin) -> None:
    whole = write_bag(tmp_path / "whole.mcap")
    split = split_bag(tmp_path / "split", storage)
    assert len(list(split.iterdir())) == 4
    assert content(split) == content(whole)


def test_a_split_bag_without_one_of_its_files_is_refused(tmp_path: Path) -> None:
    split = split_bag(tmp_path / "split", StoragePlugin.MCAP)
    next(split.glob("*_1.mcap")).unlink()
    with pytest.raises(BagError, match=r"without its part .*_1\.mcap.*ros2 bag reindex"):
        BagReader(split)


def information(bag: Path, **changes: object) -> Path:
    """The bag with its metadata changed."""
    path = bag / "metadata.yaml"
    content = yaml.safe_load(path.read_text())
    content["rosbag2_bagfile_information"].update(changes)
    path.write_text(yaml.safe_dump(content))
    return bag


def test_counts_that_are_not_the_files_are_mended_in_the_metadata(make_bag) -> None:
    bag = make_bag()
    content = yaml.safe_load((bag / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    topics = content["topics_with_message_count"]
    topics[0]["message_count"] += 5
    more = sum(one["message_count"] for one in topics)
    information(bag, topics_with_message_count=topics, message_count=more)
    with pytest.raises(BagError, match=r"its metadata\.yaml counts.*ros2 bag reindex") as raised:
        content_of = BagReader(bag)
        list(content_of.messages())
    assert "recover" not in str(raised.value)


def test_an_empty_storage_identifier_is_filled_in(make_bag) -> None:
    bag = information(make_bag(), storage_identifier="")
    with pytest.raises(BagError, match=r"write storage_identifier: mcap into .*metadata\.yaml"):
        BagReader(bag)


@pytest.mark.parametrize(
    ("name", "said", "command"),
    [
        ("drive.bag", "a bag of ROS 1", "rosbags-convert --src"),
        ("drive.mcap.zstd", "a compressed file", "zstd -d"),
        ("bags/drive.bag", "a folder that holds a bag of ROS 1, drive.bag", "rosbags-convert"),
        ("bags/drive_0.mcap.zstd", "a folder that holds a compressed file", "zstd -d"),
        ("bags/drive_0.mcap", "without a metadata.yaml", "drive_0.mcap itself"),
    ],
)
def test_what_becomes_a_bag_by_one_command_is_told_with_it(
    tmp_path: Path, name: str, said: str, command: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"some bytes")
    given = path.parent if "/" in name else path
    with pytest.raises(BagError, match=said) as raised:
        BagReader(given)
    assert command in raised.value.fix
    if "zstd" in name or name.endswith(".bag"):
        with pytest.raises(MediaError, match=said):
            kind_of(given)


def test_a_damaged_bag_is_recovered_from_the_file_that_is_named(make_bag) -> None:
    bag = make_bag()
    [file] = bag.glob("*.mcap")
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(BagError) as raised:
        BagReader(bag)
    assert f"mcap recover {file} -o {bag}" in raised.value.fix


def test_an_ending_in_capitals_is_no_damage(make_bag, tmp_path: Path) -> None:
    shouted = make_bag("drive.mcap").rename(tmp_path / "DRIVE.MCAP")
    with pytest.raises(BagError, match=r"rename it to DRIVE\.mcap") as raised:
        BagReader(shouted)
    assert "damaged" not in str(raised.value)


def test_a_topic_described_in_another_way_is_no_damage(make_bag) -> None:
    path = make_bag("drive.mcap")
    path.write_bytes(path.read_bytes().replace(b"ros2msg", b"ros1msg"))
    with pytest.raises(BagError, match="a topic described in ros1msg") as raised:
        BagReader(path)
    assert "recover" not in str(raised.value)


def test_a_storage_of_another_kind_is_no_damage(make_bag) -> None:
    path = make_bag() / "metadata.yaml"
    content = yaml.safe_load(path.read_text())
    content["rosbag2_bagfile_information"]["storage_identifier"] = "tape"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(BagError, match=r"another kind .*tape") as raised:
        BagReader(path.parent)
    assert "recover" not in str(raised.value)


def test_a_bag_where_one_may_not_look_is_an_error(
    make_bag, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_bag("drive.mcap")
    lock(monkeypatch, path.parent)
    with pytest.raises(BagError, match=r"drive\.mcap"):
        BagReader(path)
    assert not is_bag(path.parent / "drive")
