"""Image topics of a bag: which one to use, and their messages as frames."""

from __future__ import annotations

from typing import Any

from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.types import typestore
from segmentation_node.core import compressed
from segmentation_node.core.frame import Frame
from segmentation_node.errors import BagError

RAW_TYPE = "sensor_msgs/msg/Image"
COMPRESSED_TYPE = "sensor_msgs/msg/CompressedImage"
IMAGE_TYPES = (RAW_TYPE, COMPRESSED_TYPE)


def image_topics(bag: BagReader) -> tuple[str, ...]:
    """The camera topics of a bag: images with messages, less label, depth and mask images."""
    return tuple(
        name
        for name, kind in bag.topics.items()
        if kind in IMAGE_TYPES and bag.count_of(name) and not _is_no_camera(name)
    )


def choose_image_topic(bag: BagReader, wanted: str | None = None) -> str:
    """The topic to segment: the one wanted, or the only camera topic of the bag.

    A topic that is recorded both raw and compressed counts once, compressed.

    Args:
        bag: An open bag.
        wanted: The topic that the user asked for, if any.

    Raises:
        BagError: It is not there, is no image, or several topics could be meant.
    """
    if wanted is not None:
        return _checked(bag, wanted)
    found = image_topics(bag)
    found = tuple(name for name in found if f"{name}/compressed" not in found)
    if len(found) == 1:
        return found[0]
    raise BagError(
        received=f"{bag.path} with {len(found)} camera topics" + _listed(bag, found),
        expected="one topic of type " + " or ".join(IMAGE_TYPES),
        fix="name one with --topic" if found else "give a bag that holds camera images",
    )


def base_topic(topic: str) -> str:
    """The name of the raw topic that a compressed topic belongs to (image_transport's rule)."""
    return topic.removesuffix("/compressed")


def decode_frame(message: Message) -> Frame:
    """Turn an image message into a frame.

    Args:
        message: A message of one of `IMAGE_TYPES`.

    Returns:
        The frame, with the stamp of its header.

    Raises:
        FrameError: The image is malformed, or its compressed bytes do not decode.
    """
    image = typestore().deserialize_cdr(message.data, message.type)
    stamp_ns = stamp_of(image)
    if message.type == COMPRESSED_TYPE:
        return compressed.decode(
            image.data, image.format, stamp_ns=stamp_ns, frame_id=image.header.frame_id
        )
    return Frame.from_buffer(
        image.data,
        height=image.height,
        width=image.width,
        encoding=image.encoding,
        step=image.step,
        is_bigendian=bool(image.is_bigendian),
        stamp_ns=stamp_ns,
        frame_id=image.header.frame_id,
    )


def stamp_of(message: Any) -> int:
    """The stamp of a message's header in ns."""
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _is_no_camera(name: str) -> bool:
    words = set(name.lower().replace("_", "/").split("/"))
    return bool(words & {"labels", "label", "depth", "mask", "compresseddepth"})


def _checked(bag: BagReader, wanted: str) -> str:
    if bag.topics.get(wanted) in IMAGE_TYPES:
        return wanted
    raise BagError(
        received=f"the topic {wanted} ({bag.topics.get(wanted, 'not in the bag')})",
        expected="an image topic" + _listed(bag, image_topics(bag)),
        fix="name one of these with --topic",
    )


def _listed(bag: BagReader, names: tuple[str, ...]) -> str:
    if names:
        return f" ({', '.join(names)})"
    kinds = sorted(set(bag.topics.values()))
    return f" (its types: {', '.join(kinds)})" if kinds else " (it is empty)"
