"""Moves the stamps inside serialised messages.

Most messages begin with their header, whose eight bytes are exchanged in place; those that hold
headers further in (transforms) are decoded, changed and encoded again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from rosbags.interfaces import Connection
from rosbags.interfaces.typing import Nodetype

from segmentation_node.bags.types import HEADER_TYPE, learn, type_of_field, typestore

Restamp = Callable[[bytes, int], bytes]
_CDR_BYTES = 4  # the encapsulation; its second byte is odd when the values are little endian


def restamper(connection: Connection) -> Restamp:
    """Return the function that moves the stamps of a topic's messages.

    Args:
        connection: A topic of an open bag; a type that nobody defines is left alone.

    Returns:
        A function of a message's bytes and the new stamp in ns, which returns the new bytes.
    """
    if not learn(connection):
        return _leave
    if _begins_with_header(connection.msgtype):
        return _patch
    if _holds_header(connection.msgtype):
        return lambda data, stamp_ns: _rebuild(connection.msgtype, data, stamp_ns)
    return _leave


def _leave(data: bytes, stamp_ns: int) -> bytes:
    return data


def _patch(data: bytes, stamp_ns: int) -> bytes:
    order = "<" if data[1] & 1 else ">"
    stamp = struct.pack(f"{order}iI", *divmod(stamp_ns, 1_000_000_000))
    return b"".join((data[:_CDR_BYTES], stamp, memoryview(data)[_CDR_BYTES + len(stamp) :]))


def _rebuild(msgtype: str, data: bytes, stamp_ns: int) -> bytes:
    message = typestore().deserialize_cdr(data, msgtype)
    _move(message, stamp_ns)
    return bytes(typestore().serialize_cdr(message, msgtype))


def _move(value: Any, stamp_ns: int) -> None:
    """Set the stamp of every header in a message, however deep."""
    if isinstance(value, list):
        for item in value:
            _move(item, stamp_ns)
    elif getattr(value, "__msgtype__", "") == HEADER_TYPE:
        value.stamp.sec, value.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    elif hasattr(value, "__msgtype__"):
        for item in vars(value).values():
            _move(item, stamp_ns)


def _begins_with_header(msgtype: str) -> bool:
    fields = typestore().fielddefs[msgtype][1]
    return bool(fields) and fields[0][1] == (Nodetype.NAME, HEADER_TYPE)


def _holds_header(msgtype: str) -> bool:
    return any(
        name == HEADER_TYPE or _holds_header(name)
        for _, field in typestore().fielddefs[msgtype][1]
        if (name := type_of_field(field)) is not None
    )
