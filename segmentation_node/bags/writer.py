"""Writes bags that `ros2 bag play` and Foxglove open: a folder, or a single .mcap or .db3 file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from rosbags.interfaces import Connection
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from segmentation_node.bags.claim import Claim
from segmentation_node.bags.images import COMPRESSED_TYPE
from segmentation_node.bags.types import definition, typestore
from segmentation_node.errors import BagError, OutputError
from segmentation_node.files import to_disk

# Format version 8 keeps quality of service as text, which Humble and every later release reads.
_VERSION = 8
_STORAGE = {".db3": StoragePlugin.SQLITE3}


class BagWriter:
    """Writes a bag beside its place and moves it there when it is whole.

    Args:
        path: A new folder, or a new file that ends in .mcap or .db3.
        compress: Whether to compress the chunks (zstd); only for mcap, for raw images.
        replace: Whether a bag that stands there already goes away, once the new one is whole.

    Raises:
        OutputError: Something stands there already, another process writes there, or the place
            cannot be written to.
    """

    def __init__(self, path: Path, *, compress: bool = False, replace: bool = False) -> None:
        if path.exists() and not replace:
            raise OutputError(
                received=f"{path}, which exists already",
                expected="a new bag",
                fix="choose another name, or remove the old one first",
            )
        self.path = path
        self._topics: dict[tuple[str, str, str], Connection] = {}
        self._claim: Claim | None = None
        self._is_whole = False
        try:
            self._open(compress)
        # Ctrl-C as well: nobody holds this writer yet who could abort it.
        except BaseException:
            self._let_go()
            raise

    def copy_topic(self, source: Connection) -> Connection:
        """Add a topic as another bag has it: type, definition and quality of service.

        Args:
            source: The other bag's entry for the topic.
        """
        text, digest = definition(source)
        qos = getattr(source.ext, "offered_qos_profiles", [])
        return self._add(source.topic, source.msgtype, text, digest, qos)

    def add_topic(self, topic: str, msgtype: str) -> Connection:
        """Add a topic.

        Args:
            topic: Its name.
            msgtype: Its type, one of those that ROS ships.

        Raises:
            BagError: The type is not known.
        """
        if msgtype not in typestore().types:
            raise BagError(
                received=f"the type {msgtype} of {topic}",
                expected="a message type that ROS ships",
                fix="record this topic with ros2 bag record",
            )
        text, _ = typestore().generate_msgdef(msgtype, ros_version=2)
        return self._add(topic, msgtype, text, str(typestore().hash_rihs01(msgtype)), ())

    def write(self, connection: Connection, time_ns: int, data: bytes | memoryview) -> None:
        """Append a serialised message.

        Args:
            connection: What `add_topic` or `copy_topic` returned.
            time_ns: When it was recorded, ns since the epoch.
            data: Its CDR bytes with their four leading ones.

        Raises:
            OutputError: The disk is full, or the file went away.
        """
        with self._writing():
            self._writer.write(connection, time_ns, data)

    def write_message(self, connection: Connection, time_ns: int, message: Any) -> None:
        """Append a message of `typestore()`.

        Args:
            connection: What `add_topic` or `copy_topic` returned.
            time_ns: When it was recorded, ns since the epoch.
            message: The message.
        """
        self.write(connection, time_ns, typestore().serialize_cdr(message, connection.msgtype))

    def finish(self) -> Path:
        """Bring the whole bag to the disk and clear its place: only moving it there is left.

        Returns:
            Where the bag lies until then.
        """
        if not self._is_whole:
            with self._writing():
                self._writer.close()
                for file in files_of(self._place()):
                    to_disk(file)
                _remove(self.path)
            self._is_whole = True
        return self._place()

    def close(self) -> None:
        """Finish the bag and move it to its place. Closing twice is safe."""
        if self._claim is None:
            return
        whole = self.finish()
        with self._writing():
            whole.replace(self.path)
            to_disk(self.path.parent)
        self._let_go()

    def abort(self) -> None:
        """Leave nothing behind."""
        # Only newer releases of rosbags can break off; the file goes away in any case.
        with suppress(Exception):
            self._writer.close()
        self._let_go()

    def _let_go(self) -> None:
        claim, self._claim = self._claim, None
        if claim is not None:
            claim.give_up()

    def _open(self, compress: bool) -> None:
        plugin = _STORAGE.get(self.path.suffix.lower(), StoragePlugin.MCAP)
        with self._writing():
            self._claim = Claim(self.path)
            name = self.path.stem if self._is_file() else self.path.name
            folder = self._claim.folder / name
            self._writer = Writer(folder, version=_VERSION, storage_plugin=plugin)
            if compress and plugin is StoragePlugin.MCAP:
                self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
            self._writer.open()

    def _is_file(self) -> bool:
        return self.path.suffix.lower() in {".mcap", ".db3"}

    def _place(self) -> Path:
        folder = Path(self._writer.path)
        return folder / f"{folder.name}{self.path.suffix.lower()}" if self._is_file() else folder

    def _add(
        self, topic: str, msgtype: str, text: str, digest: str, qos: Sequence[Any]
    ) -> Connection:
        key = (topic, msgtype, repr(qos))
        if key not in self._topics:
            with self._writing():
                self._topics[key] = self._writer.add_connection(
                    topic, msgtype, msgdef=text, rihs01=digest, offered_qos_profiles=qos
                )
        return self._topics[key]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise OutputError(
                received=f"{self.path} ({getattr(error, 'strerror', None) or error})",
                expected="a place that a bag can be written to",
                fix="choose an output folder of yours with free space",
            ) from error

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.abort()
            return
        try:
            self.close()
        except BaseException:
            # A disk that is full may be so by what was written here.
            self.abort()
            raise


def files_of(bag: Path) -> list[Path]:
    """The files that a bag consists of."""
    return sorted(bag.iterdir()) if bag.is_dir() else [bag]


def _remove(bag: Path) -> None:
    if bag.is_dir():
        shutil.rmtree(bag)
    else:
        bag.unlink(missing_ok=True)


def compressed_image(data: bytes, image_format: str, stamp_ns: int, frame_id: str) -> Any:
    """Make a sensor_msgs/CompressedImage.

    Args:
        data: The JPEG or PNG file's bytes.
        image_format: As image_transport writes it, for example `bgr8; jpeg compressed bgr8`.
        stamp_ns: Stamp of the header, ns.
        frame_id: Frame of the header.
    """
    types = typestore().types
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    stamp = types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds)
    header = types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame_id)
    pixels = np.frombuffer(data, np.uint8)
    return types[COMPRESSED_TYPE](header=header, format=image_format, data=pixels)
