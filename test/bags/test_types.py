from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rosbags.interfaces import Connection, MessageDefinitionFormat

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.restamp import restamper
from segmentation_node.bags.types import UNKNOWN_HASH, definition, learn, typestore
from segmentation_node.bags.writer import BagWriter

NEW_NS = 1_800_000_000_123_456_789
DATA = b"\x00\x01\x00\x00" + bytes(24)
LINE = "=" * 80 + "\n"


def idl(name: str, *members: str, includes: str = "") -> str:
    """An .idl file as rosbag2 keeps it, behind its heading."""
    struct = f"struct {name} {{ {' '.join(members)} }};"
    heading = f"{LINE}IDL: fleet_msgs/msg/{name}\n"
    return f"{heading}{includes}\nmodule fleet_msgs {{\n  module msg {{\n    {struct}\n  }};\n}};\n"


BATTERY = idl(
    "Battery",
    "std_msgs::msg::Header header;",
    "fleet_msgs::msg::Cell cell;",
    includes='#include "fleet_msgs/msg/Cell.idl"\n#include "std_msgs/msg/Header.idl"\n',
) + idl("Cell", "float level;")


@contextmanager
def topic(path: Path, name: str, text: str) -> Iterator[Connection]:
    """The one topic of a bag that brings its type's definition along."""
    with BagWriter(path) as bag:
        connection = bag._add("/state", f"fleet_msgs/msg/{name}", text, UNKNOWN_HASH, ())
        bag.write(connection, 5, DATA)
    with BagReader(path) as bag:
        yield bag.connections[0]


def test_a_type_of_several_idl_files_is_learnt(tmp_path: Path) -> None:
    with topic(tmp_path / "a.mcap", "Battery", BATTERY) as connection:
        assert connection.msgdef.format is MessageDefinitionFormat.IDL
        assert learn(connection)
        types = typestore().types
        header = types["std_msgs/msg/Header"](
            stamp=types["builtin_interfaces/msg/Time"](sec=1, nanosec=2), frame_id="rear"
        )
        cell = types["fleet_msgs/msg/Cell"](level=0.5)
        message = types["fleet_msgs/msg/Battery"](header=header, cell=cell)
        data = bytes(typestore().serialize_cdr(message, connection.msgtype))
        moved = restamper(connection)(data, NEW_NS)
    found = typestore().deserialize_cdr(moved, "fleet_msgs/msg/Battery")
    assert found.header.stamp.sec * 10**9 + found.header.stamp.nanosec == NEW_NS
    assert (found.header.frame_id, found.cell.level) == ("rear", 0.5)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Nonsense", f"{LINE}IDL: fleet_msgs/msg/Nonsense\nvaluetype Nonsense <>;\n"),
        ("Gap", idl("Gap", "fleet_msgs::msg::Lost lost;")),
        ("Hole", "float32 level\nfleet_msgs/Lost lost"),
    ],
    ids=["no idl", "idl with a gap", "msg with a gap"],
)
def test_a_topic_of_a_type_that_nobody_understands_is_passed_on_as_it_is(
    tmp_path: Path, name: str, text: str
) -> None:
    with topic(tmp_path / "a.mcap", name, text) as connection:
        assert not learn(connection)
        assert definition(connection) == (text, UNKNOWN_HASH)
        assert restamper(connection)(DATA, NEW_NS) == DATA
        with BagWriter(tmp_path / "b.mcap") as out:
            out.write(out.copy_topic(connection), 5, DATA)
        with BagReader(tmp_path / "b.mcap") as copy:
            assert copy.connections[0].msgdef == connection.msgdef


def test_a_type_that_rosbags_cannot_hash_keeps_its_text(tmp_path: Path) -> None:
    text = idl("Sign", "wstring words;")
    with topic(tmp_path / "a.mcap", "Sign", text) as connection:
        assert definition(connection) == (text, UNKNOWN_HASH)
