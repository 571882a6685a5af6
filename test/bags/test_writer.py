from __future__ import annotations

from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader
from small_bags import write_bag

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.writer import BagWriter
from segmentation_node.errors import OutputError

NAMES = ["copy", "copy.mcap", "copy.db3"]


def copy(source: Path, target: Path, **options) -> Path:
    with BagReader(source) as bag, BagWriter(target, **options) as out:
        for message in bag.messages():
            out.write(out.copy_topic(message.connection), message.time_ns, message.data)
    return target


def content(path: Path) -> list[tuple[str, str, int, bytes]]:
    with BagReader(path) as bag:
        return [(m.topic, m.type, m.time_ns, bytes(m.data)) for m in bag.messages()]


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", ["drive", "drive.mcap", "drive.db3"])
def test_a_copy_holds_every_message_as_it_was(tmp_path: Path, source: str, target: str) -> None:
    original = write_bag(tmp_path / source)
    assert content(copy(original, tmp_path / target)) == content(original)


def test_a_copy_keeps_definitions_and_quality_of_service(tmp_path: Path) -> None:
    with Reader(write_bag(tmp_path / "a")) as first:
        wanted = {c.topic: (c.msgdef, c.digest, c.ext) for c in first.connections}
    with Reader(copy(tmp_path / "a", tmp_path / "b")) as second:
        assert {c.topic: (c.msgdef, c.digest, c.ext) for c in second.connections} == wanted


def test_compressed_chunks_read_back(tmp_path: Path) -> None:
    original = write_bag(tmp_path / "a.mcap", frames=50, compressed=False)
    small = copy(original, tmp_path / "b.mcap", compress=True)
    assert content(small) == content(original)
    assert small.stat().st_size < original.stat().st_size / 2


def test_nothing_stands_beside_the_finished_bag(tmp_path: Path) -> None:
    write_bag(tmp_path / "a.mcap")
    write_bag(tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mcap", "b"]
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["b.mcap", "metadata.yaml"]


@pytest.mark.parametrize("name", NAMES)
def test_an_existing_output_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        BagWriter(tmp_path / name)
    assert (tmp_path / name).read_text() == "precious"


@pytest.mark.parametrize("name", NAMES)
def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        BagWriter(tmp_path / "file" / name)


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with BagWriter(tmp_path / "a.mcap") as bag:
            bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_rest_of_a_killed_process_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / ".a.mcap.partial" / "a").mkdir(parents=True)
    assert len(content(write_bag(tmp_path / "a.mcap"))) == 9


def test_closing_twice_is_safe(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "a.mcap")
    bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
    bag.close()
    bag.close()


def test_a_topic_of_a_type_that_only_its_bag_knows_is_copied(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as bag:
        text = "float32 level\nstd_msgs/Header header"
        level = bag._add("/level", "fleet_msgs/msg/Level", text, "RIHS01_" + "1" * 64, ())
        bag.write(level, 5, b"\x00\x01\x00\x00" + b"\x00" * 20)
    assert content(copy(tmp_path / "a.mcap", tmp_path / "b"))[0][1] == "fleet_msgs/msg/Level"


@pytest.mark.parametrize("name", NAMES)
def test_a_bag_that_is_replaced_stands_until_the_new_one_is_whole(
    tmp_path: Path, name: str
) -> None:
    old = content(write_bag(tmp_path / name, frames=1))
    new = write_bag(tmp_path / "new.mcap", frames=4)
    with BagReader(new) as bag, BagWriter(tmp_path / name, replace=True) as out:
        for message in bag.messages():
            out.write(out.copy_topic(message.connection), message.time_ns, message.data)
        assert content(tmp_path / name) == old
        assert out.finish().exists()
        assert not (tmp_path / name).exists()
    assert content(tmp_path / name) == content(new)


def test_a_bag_that_fails_to_be_replaced_stays(tmp_path: Path) -> None:
    old = content(write_bag(tmp_path / "a.mcap", frames=1))

    def fail() -> None:
        with BagWriter(tmp_path / "a.mcap", replace=True):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert content(tmp_path / "a.mcap") == old


def test_two_writers_of_one_bag_do_not_mix(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "a.mcap") as first:
        first.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        with pytest.raises(OutputError, match="another process is writing"):
            BagWriter(tmp_path / "a.mcap")
    assert content(tmp_path / "a.mcap") == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]
