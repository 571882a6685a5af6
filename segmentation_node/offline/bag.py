"""A bag to a bag: every topic as it was, and two more for the labels and colours of each camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from segmentation_node.bags.images import (
    base_topic,
    choose_image_topics,
    decode_frame,
    image_topics,
    left_by_name,
    tell_readable,
)
from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.errors import BagError
from segmentation_node.media.codec import encode_png
from segmentation_node.offline.job import Request, Tally
from segmentation_node.offline.overlap import Overlap, in_order
from segmentation_node.offline.pictures import bgr
from segmentation_node.pipeline import Segmentation

# The node's own topics, with image_transport's suffix and formats: RViz and Foxglove decode them.
NAMESPACE = "/segmentation_node"
LABELS_FORMAT = "mono8; png compressed "
COLOR_FORMAT = "rgb8; png compressed bgr8"
_TYPE = "sensor_msgs/msg/CompressedImage"

Pictures = tuple[Any, Any]
"""The messages with labels and colours of one frame."""

_Entry = tuple[Message, "Future[Pictures | None] | None"]


def segment_bag(
    request: Request,
    tally: Tally,
    *,
    replace: bool = False,
    record: Callable[[Path], None] = lambda whole: None,
) -> None:
    """Segment a bag to a bag with two topics more for each camera.

    Args:
        request: Its output is a new folder, or a new .mcap or .db3 file.
        tally: What segments and counts.
        replace: Whether a bag that stands there already goes away, once the new one is whole.
        record: Called when the bag is whole and its place is empty, with where it lies till then.

    Raises:
        BagError: The bag is damaged, or holds no image topic that is meant.
        OutputError: The output cannot be written.
    """
    with BagReader(request.source) as bag:
        cameras = choose_image_topics(bag, request.topics)
        if not request.topics:
            cameras, unreadable = tell_readable(bag, cameras)
            tally.left_alone = left_by_name(bag) | unreadable
        names = output_topics(bag, cameras, request.view)
        _check_names(bag, names)
        tally.total = sum(bag.count_of(topic) for topic in cameras)
        with BagWriter(request.output, compress=request.compress, replace=replace) as out:
            _segment_messages(bag, out, names, tally)
            record(out.finish())


def output_topics(
    bag: BagReader, cameras: tuple[str, ...], view: str
) -> dict[str, tuple[str, str]]:
    """Name the topics of labels and colours for each camera topic.

    They are the node's own where the bag has one camera. Where it has several they have the
    camera's name in them, also if only one is segmented: a camera keeps its name.

    Args:
        bag: The bag that the cameras are in.
        cameras: The topics to segment.
        view: Name of the coloured output.
    """
    several = len({base_topic(name) for name in (*image_topics(bag), *cameras)}) > 1
    places = {name: NAMESPACE + several * base_topic(name) for name in cameras}
    return {
        name: (f"{place}/labels/compressed", f"{place}/{view}/compressed")
        for name, place in places.items()
    }


def _segment_messages(
    bag: BagReader, out: BagWriter, names: Mapping[str, tuple[str, str]], tally: Tally
) -> None:
    added = {
        camera: tuple(out.add_topic(name, _TYPE) for name in pair) for camera, pair in names.items()
    }
    copied: dict[int, Any] = {}
    with Overlap(tally, _pictures) as frames:
        for message, pictures in in_order(_entries(bag, names, frames)):
            source = message.connection
            if source.id not in copied:
                copied[source.id] = out.copy_topic(source)
            out.write(copied[source.id], message.time_ns, message.data)
            if pictures is not None:
                for topic, picture in zip(added[message.topic], pictures, strict=True):
                    out.write_message(topic, message.time_ns, picture)


def _entries(
    bag: BagReader, names: Mapping[str, tuple[str, str]], frames: Overlap[Pictures]
) -> Iterator[_Entry]:
    for message in bag.messages():
        if message.topic in names:
            yield message, frames.submit(partial(decode_frame, message), _name(message))
        else:
            yield message, None


def _pictures(result: Segmentation) -> Pictures:
    def message(data: bytes, image_format: str) -> Any:
        return compressed_image(data, image_format, result.stamp_ns, result.frame_id)

    return (
        message(encode_png(result.labels), LABELS_FORMAT),
        message(encode_png(bgr(result)), COLOR_FORMAT),
    )


def _name(message: Message) -> str:
    return f"{message.topic} at {message.time_ns} ns"


def _check_names(bag: BagReader, names: Mapping[str, tuple[str, str]]) -> None:
    wanted = [name for pair in names.values() for name in pair]
    taken = [name for name in wanted if name in bag.topics]
    if taken:
        raise BagError(
            received=f"{bag.path}, which holds {taken[0]} already",
            expected="a bag that was not segmented before",
            fix="give the bag that was recorded from the camera",
        )
    if len(set(wanted)) < len(wanted):
        raise BagError(
            received=f"the topics {', '.join(names)}, of which two are one camera's",
            expected="each camera once, raw or compressed",
            fix="name one of them with --topic",
        )
