"""Reads bags: folders with metadata.yaml, or single .mcap and .db3 files.

As strict as rosbags, on which it stands: a bag that was cut short (no index, no metadata, half a
chunk) is refused with a sentence that says how to recover it, and never read in part in silence.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader

from segmentation_node.bags import faults
from segmentation_node.closing import Closing
from segmentation_node.errors import BagError, meant

FILE_SUFFIXES = (".mcap", ".db3")


def is_bag(path: Path) -> bool:
    """Whether the path looks like a bag: by its ending, or by a metadata.yaml that one may see."""
    if path.suffix.lower() in FILE_SUFFIXES:
        return True
    # Path.exists raises in a folder that one may not enter, until Python 3.14.
    return os.path.exists(path / "metadata.yaml")  # noqa: PTH110


@dataclass(frozen=True)
class Message:
    """One recorded message, still serialised.

    Attributes:
        topic: Its topic.
        type: Its type, as `sensor_msgs/msg/Image`.
        time_ns: When it was recorded, ns since the epoch.
        data: Its CDR bytes with their four leading ones.
        connection: The bag's own entry for topic and type.
    """

    topic: str
    type: str
    time_ns: int
    data: bytes
    connection: Connection


class BagReader(Closing):
    """An open bag.

    Attributes:
        path: The folder or file.
        start_ns: Time of the first message, ns since the epoch; 0 in an empty bag.
        end_ns: Time of the last message, likewise.
        count: Messages in the bag.
        connections: Its topics with their types, as rosbags gives them.

    Args:
        path: A folder with metadata.yaml, or a .mcap or .db3 file.

    Raises:
        BagError: There is no bag, it is damaged, or it holds what rosbags does not read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with faults.reading(path):
            if not path.exists() or not is_bag(path):
                raise faults.missing(path)
            if path.is_file() and path.suffix not in FILE_SUFFIXES:
                raise faults.misnamed(path)
            self._reader = Reader(path)
            self._reader.open()
        self.count = int(self._reader.message_count)
        self.start_ns = int(self._reader.start_time) if self.count else 0
        self.end_ns = int(self._reader.end_time) - 1 if self.count else 0
        self.connections = tuple(self._reader.connections)
        # SQLite passes over a lost page without a word, but its index still counts what was there.
        self._check_complete(sum(found.msgcount for found in self.connections), self.count)

    @property
    def topics(self) -> dict[str, str]:
        """The type of each topic, by the topic's name."""
        return {connection.topic: connection.msgtype for connection in self.connections}

    def count_of(self, topic: str) -> int:
        """How many messages a topic has."""
        return sum(found.msgcount for found in self.connections if found.topic == topic)

    def messages(
        self, topics: Collection[str] | None = None, start_ns: int | None = None
    ) -> Iterator[Message]:
        """Yield messages in the order of their time.

        Args:
            topics: The topics wanted; all when None.
            start_ns: Leave out what was recorded before, ns since the epoch.

        Raises:
            BagError: A topic is not in the bag, or the bag is damaged further on.
        """
        wanted = self._select(topics)
        if not wanted:  # rosbags would take an empty selection for all topics
            return
        number = 0
        with faults.reading(self.path):
            for connection, time_ns, data in self._reader.messages(wanted, start_ns):
                topic, kind = connection.topic, connection.msgtype
                yield Message(topic, kind, time_ns, data, connection)
                number += 1
        if start_ns is None or start_ns <= self.start_ns:
            self._check_complete(number, sum(connection.msgcount for connection in wanted))

    def close(self) -> None:
        """Close the files. Closing twice is safe."""
        if self._reader.is_open:
            self._reader.close()

    def _check_complete(self, found: int, expected: int) -> None:
        if found < expected:
            self.close()
            raise faults.incomplete(self.path, found, expected)

    def check_topics(self, names: Collection[str]) -> None:
        """Check that the bag holds some topics.

        Raises:
            BagError: It lacks one.
        """
        for name in names:
            if name not in self.topics:
                raise BagError(
                    received=f"the topic {name}, which {self.path} does not hold",
                    expected="one of " + (", ".join(sorted(self.topics)) or "none: it is empty"),
                    fix=meant(name, self.topics, "choose a topic of this bag"),
                )

    def _select(self, topics: Collection[str] | None) -> list[Connection]:
        names = self.topics if topics is None else topics
        self.check_topics(names)
        return [connection for connection in self.connections if connection.topic in names]
