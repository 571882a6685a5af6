"""A bag to a bag: every topic as it was, and two more for labels and colours."""

from __future__ import annotations

from functools import partial
from typing import Any

from segmentation_node.bags.images import choose_image_topic, decode_frame
from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.errors import BagError
from segmentation_node.media.codec import encode_png
from segmentation_node.offline.job import Request, Tally
from segmentation_node.offline.pictures import bgr
from segmentation_node.pipeline import Segmentation

# The node's own topics, with image_transport's suffix and formats: RViz and Foxglove decode them.
NAMESPACE = "/segmentation_node"
LABELS_FORMAT = "mono8; png compressed "
COLOR_FORMAT = "rgb8; png compressed bgr8"
_TYPE = "sensor_msgs/msg/CompressedImage"


def segment_bag(request: Request, tally: Tally) -> None:
    """Segment a bag to a bag with `/segmentation_node/labels/compressed` and `/color/compressed`.

    Args:
        request: Its output is a new folder, or a new .mcap or .db3 file.
        tally: What segments and counts.

    Raises:
        BagError: The bag is damaged, or holds no image topic that is meant.
        OutputError: The output cannot be written.
    """
    with BagReader(request.source) as bag:
        topic = choose_image_topic(bag, request.topic)
        tally.total = bag.count_of(topic)
        _check_names(bag, request)
        with BagWriter(request.output) as out:
            _segment_messages(bag, out, topic, request, tally)


def _segment_messages(
    bag: BagReader, out: BagWriter, topic: str, request: Request, tally: Tally
) -> None:
    labels, colored = (out.add_topic(name, _TYPE) for name in _topics(request))
    for message in bag.messages():
        out.write(out.copy_topic(message.connection), message.time_ns, message.data)
        if message.topic == topic:
            result = tally.segment(partial(decode_frame, message), _name(message))
            if result is not None:
                out.write_message(labels, message.time_ns, _labels_message(result))
                out.write_message(colored, message.time_ns, _colored_message(result))


def _topics(request: Request) -> tuple[str, str]:
    return f"{NAMESPACE}/labels/compressed", f"{NAMESPACE}/{request.view}/compressed"


def _labels_message(result: Segmentation) -> Any:
    data = encode_png(result.labels)
    return compressed_image(data, LABELS_FORMAT, result.stamp_ns, result.frame_id)


def _colored_message(result: Segmentation) -> Any:
    data = encode_png(bgr(result))
    return compressed_image(data, COLOR_FORMAT, result.stamp_ns, result.frame_id)


def _name(message: Message) -> str:
    return f"{message.topic} at {message.time_ns} ns"


def _check_names(bag: BagReader, request: Request) -> None:
    taken = [name for name in _topics(request) if name in bag.topics]
    if taken:
        raise BagError(
            received=f"{bag.path}, which holds {taken[0]} already",
            expected="a bag that was not segmented before",
            fix="give the bag that was recorded from the camera",
        )
