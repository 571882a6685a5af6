"""Message types: those that ROS ships, and those that a bag brings along."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.interfaces.typing import Nodetype
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

UNKNOWN_HASH = "RIHS01_" + "0" * 64
HEADER_TYPE = "std_msgs/msg/Header"

# rosbag2 keeps a type that has no .msg as the .idl files of all its parts, each behind a line of
# these and its name. rosbags parses one such file, and none with an #include: what that names
# stands in the bag as well.
_IDL_HEADING = re.compile(r"^={80}\nIDL: [^\n]*\n", re.MULTILINE)
_PREPROCESSOR = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)


@cache
def typestore() -> Any:
    """The types of a ROS 2 installation; images and headers are the same in all releases."""
    return get_typestore(Stores.ROS2_JAZZY)


def learn(connection: Connection) -> bool:
    """Register the type of a topic from the definition that the bag carries.

    Args:
        connection: A topic of an open bag.

    Returns:
        Whether the type is known now. It is not where its definition is missing, has gaps, or is
        beyond what rosbags reads; its messages can be copied all the same.
    """
    if connection.msgtype not in typestore().types:
        # rosbags trips over a definition in many ways, of which TypesysError is one. That must not
        # end the run for a topic that is only passed on.
        try:
            _register(_definitions(connection))
        except Exception:
            return False
    return connection.msgtype in typestore().types


def definition(connection: Connection) -> tuple[str, str]:
    """The text of a topic's type and its hash, as a new bag has to carry them."""
    text, digest = connection.msgdef.data, connection.digest
    if not learn(connection):
        return text, digest or UNKNOWN_HASH
    return text or _generated(connection.msgtype), digest or _hash(connection.msgtype)


def type_of_field(field: Any) -> str | None:
    """The message type that a field holds, or an array or sequence of it; None for plain values.

    Args:
        field: Its description in rosbags' `fielddefs`.
    """
    kind, detail = field
    if kind == Nodetype.NAME:
        return str(detail)
    return type_of_field(detail[0]) if kind in {Nodetype.ARRAY, Nodetype.SEQUENCE} else None


def _register(found: dict[str, Any]) -> None:
    """Register those that are new, unless one of them is made of a type that nobody defines."""
    known = typestore().types.keys()
    new = {name: entry for name, entry in found.items() if name not in known}
    parts = {type_of_field(field) for _, fields in new.values() for _, field in fields} - {None}
    if parts <= known | new.keys():
        typestore().register(new)


def _generated(msgtype: str) -> str:
    text, _ = typestore().generate_msgdef(msgtype, ros_version=2)
    return str(text)


def _hash(msgtype: str) -> str:
    try:
        return str(typestore().hash_rihs01(msgtype))
    except KeyError:  # wide strings and characters have no number in rosbags
        return UNKNOWN_HASH


def _definitions(connection: Connection) -> dict[str, Any]:
    kind, text = connection.msgdef.format, connection.msgdef.data
    if kind == MessageDefinitionFormat.MSG:
        return dict(get_types_from_msg(text, connection.msgtype))
    if kind == MessageDefinitionFormat.IDL:
        return _from_idl(text)
    return {}


def _from_idl(text: str) -> dict[str, Any]:
    files = (_PREPROCESSOR.sub("", file) for file in _IDL_HEADING.split(text) if file.strip())
    return {name: entry for file in files for name, entry in get_types_from_idl(file).items()}
