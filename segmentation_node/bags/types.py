"""Message types: those that ROS ships, and those that a bag brings along."""

from __future__ import annotations

from functools import cache
from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

UNKNOWN_HASH = "RIHS01_" + "0" * 64
HEADER_TYPE = "std_msgs/msg/Header"


@cache
def typestore() -> Any:
    """The types of a ROS 2 installation; images and headers are the same in all releases."""
    return get_typestore(Stores.ROS2_JAZZY)


def learn(connection: Connection) -> bool:
    """Register the type of a topic from the definition that the bag carries.

    Args:
        connection: A topic of an open bag.

    Returns:
        Whether the type is known now.
    """
    store = typestore()
    if connection.msgtype in store.types:
        return True
    found = _definitions(connection)
    store.register({name: fields for name, fields in found.items() if name not in store.types})
    return connection.msgtype in store.types


def definition(connection: Connection) -> tuple[str, str]:
    """The text of a topic's type and its hash, as a new bag has to carry them."""
    if learn(connection):
        text = connection.msgdef.data or _generated(connection.msgtype)
        return text, connection.digest or str(typestore().hash_rihs01(connection.msgtype))
    return connection.msgdef.data, connection.digest or UNKNOWN_HASH


def _generated(msgtype: str) -> str:
    text, _ = typestore().generate_msgdef(msgtype, ros_version=2)
    return str(text)


def _definitions(connection: Connection) -> dict[str, Any]:
    kind, text = connection.msgdef.format, connection.msgdef.data
    if kind == MessageDefinitionFormat.MSG:
        return dict(get_types_from_msg(text, connection.msgtype))
    if kind == MessageDefinitionFormat.IDL:
        return dict(get_types_from_idl(text))
    return {}
