"""Image topics of a bag: which one to use, and their messages as frames."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from rosbags.serde import SerdeError

from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.types import typestore
from segmentation_node.core.frame import Frame
from segmentation_node.errors import BagError, FrameError, nearest
from segmentation_node.media import codec

RAW_TYPE = "sensor_msgs/msg/Image"
COMPRESSED_TYPE = "sensor_msgs/msg/CompressedImage"
IMAGE_TYPES = (RAW_TYPE, COMPRESSED_TYPE)

_TRIED_IMAGES = 3
"""First images of a topic that are tried before it counts as one that cannot be read."""


def image_topics(bag: BagReader) -> tuple[str, ...]:
    """The camera topics of a bag: images with messages, less those that show something else."""
    left = left_by_name(bag)
    return tuple(name for name in _with_images(bag) if name not in left)


def left_by_name(bag: BagReader) -> dict[str, str]:
    """Image topics that no camera sends, and why each is none: labels, masks, depth, results."""
    bases = {base_topic(name) for name in bag.topics}
    found = {}
    for name in _with_images(bag):
        if words := _words(name) & _NO_CAMERA:
            found[name] = f"no camera's, as {min(words)} in its name says"
        elif _is_answer(base_topic(name), bases):
            found[name] = "a result, as it stands beside label images"
    return found


def choose_image_topics(bag: BagReader, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """The topics to segment: those wanted, or every camera of the bag.

    A camera that is recorded both raw and compressed counts once, compressed.

    Args:
        bag: An open bag.
        wanted: The topics that the user asked for, if any.

    Raises:
        BagError: One is not there or is no image, or the bag has no camera.
    """
    if wanted:
        return tuple(_checked(bag, name) for name in dict.fromkeys(wanted))
    found = _cameras(bag)
    if not found:
        raise _unclear(bag, found)
    return found


def tell_readable(bag: BagReader, topics: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Tell topics whose images can be read from those of other things than pictures.

    Bags of vehicles hold depth, thermal images and masks under the types of images. A topic is
    judged by its first images: one damaged image does not make it odd.

    Args:
        bag: An open bag.
        topics: Its image topics.

    Returns:
        Those that can be read, or that are empty; and why the others cannot, by topic. All are
        taken for readable where none is: then there is something wrong with them.
    """
    faults = {
        topic: [_fault(one) for one in islice(bag.messages([topic]), _TRIED_IMAGES)]
        for topic in topics
    }
    odd = {topic: found[0] for topic, found in faults.items() if found and all(found)}
    readable = tuple(topic for topic in topics if topic not in odd)
    return (readable, odd) if readable else (tuple(topics), {})


def _fault(message: Message) -> str:
    """Why an image cannot be read; empty where it can."""
    try:
        decode_frame(message)
    except FrameError as error:
        return str(error)
    return ""


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
    found = _cameras(bag)
    if len(found) == 1:
        return found[0]
    raise _unclear(bag, found)


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
    image = _deserialized(message)
    stamp_ns = stamp_of(image)
    if message.type == COMPRESSED_TYPE:
        return codec.decode_frame(
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


def _deserialized(message: Message) -> Any:
    try:
        return typestore().deserialize_cdr(message.data, message.type)
    except (SerdeError, ValueError) as error:
        raise FrameError(
            received=f"a message of {len(message.data)} bytes ({str(error).rstrip('.')})",
            expected=f"a whole {message.type}",
            fix="record the topic again, or leave the message out",
        ) from error


def _cameras(bag: BagReader) -> tuple[str, ...]:
    found = image_topics(bag)
    return tuple(name for name in found if f"{name}/compressed" not in found)


_NO_CAMERA = {"compresseddepth", "depth", "instance", "instances", "label", "labels", "mask"}
_NO_CAMERA |= {"masks", "overlay", "panoptic", "segmentation", "segmented", "semantic", "semantics"}


def _words(name: str) -> set[str]:
    return set(name.lower().replace("_", "/").split("/"))


def _with_images(bag: BagReader) -> tuple[str, ...]:
    """Topics of images, less those without a message."""
    return tuple(
        name for name, kind in bag.topics.items() if kind in IMAGE_TYPES and bag.count_of(name)
    )


def _is_answer(base: str, others: set[str]) -> bool:
    """Whether a topic stands beside label images, as the pictures of a segmentation node do."""
    parent, _, word = base.rpartition("/")
    return word in {"color", "overlay", "confidence"} and f"{parent}/labels" in others


def _unclear(bag: BagReader, found: tuple[str, ...]) -> BagError:
    left = "; ".join(f"{name}: {why}" for name, why in left_by_name(bag).items())
    listed = f" ({left})" if left and not found else _listed(bag, found)
    return BagError(
        received=f"{bag.path} with {len(found)} camera topics" + listed,
        expected="one topic of type " + " or ".join(IMAGE_TYPES),
        fix="name one with --topic" if found or left else "give a bag that holds camera images",
    )


def _checked(bag: BagReader, wanted: str) -> str:
    if bag.topics.get(wanted) in IMAGE_TYPES:
        return wanted
    raise BagError(
        received=f"the topic {wanted} ({bag.topics.get(wanted, 'not in the bag')})",
        expected="an image topic" + _listed(bag, image_topics(bag)),
        fix=_topic_meant(wanted, bag),
    )


def _topic_meant(wanted: str, bag: BagReader) -> str:
    near = nearest(wanted, _with_images(bag))
    return f"say --topic {near}" if near else "name one of these with --topic"


def _listed(bag: BagReader, names: tuple[str, ...]) -> str:
    if names:
        return f" ({', '.join(names)})"
    kinds = sorted(set(bag.topics.values()))
    return f" (its types: {', '.join(kinds)})" if kinds else " (it is empty)"
