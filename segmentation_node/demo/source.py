"""Brings whatever the demo is given into a bag, so that one way of replaying serves all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.bags.images import base_topic, choose_image_topic
from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.core.labels import CAMVID_11, LabelSet
from segmentation_node.demo.rendering import (
    CAMERA_TOPIC,
    FRAME_ID,
    LABELS_TOPIC,
    START_NS,
    TYPE,
    cached_bag,
)
from segmentation_node.demo.settings import DemoSettings
from segmentation_node.media.codec import encode_jpeg, encode_png
from segmentation_node.media.images import list_images, read_bytes, read_image, read_labels
from segmentation_node.media.orientation import UPRIGHT, orientation_of
from segmentation_node.media.video import VideoReader
from segmentation_node.offline.kinds import Kind, kind_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A bag that is ready to be replayed.

    Attributes:
        bag: The bag.
        topic: Its image topic.
        labels_topic: The topic of the true classes; None where there are none.
        label_set: What the ids of the true classes mean; None for the model's own set.
        title: What it shows, for the pictures.
    """

    bag: Path
    topic: str
    labels_topic: str | None
    label_set: LabelSet | None
    title: str


@dataclass(frozen=True)
class Still:
    """One frame on its way into a bag: the image as JPEG or PNG, its labels as PNG.

    `time_s` is when it was seen, seconds since the first one.
    """

    time_s: float
    image: bytes
    image_format: str
    labels: bytes | None = None


def prepare(settings: DemoSettings, scratch: Path, progress: Progress) -> Source:
    """Make the bag that is replayed; a bag of the user's is taken as it is.

    Args:
        settings: What the demo is asked for.
        scratch: A folder for what is not kept.
        progress: Called with the frames done and all frames.

    Raises:
        MediaError: The input cannot be read.
        BagError: The same for a bag.
    """
    if settings.source is None:
        bag = cached_bag(settings.drive, settings.output, progress)
        title = f"a rendered drive, {settings.drive.condition.replace('_', ' ')}"
        return Source(bag, CAMERA_TOPIC, LABELS_TOPIC, CAMVID_11, title)
    kind = kind_of(settings.source)
    if kind is Kind.BAG:
        return _from_bag(settings.source, settings.topic)
    bag = scratch / "input.mcap"
    if kind is Kind.VIDEO:
        return _from_video(settings.source, bag, progress)
    return _from_images(settings.source, bag, settings.fps, progress)


def _from_bag(path: Path, wanted: str | None) -> Source:
    with BagReader(path) as bag:
        topic = choose_image_topic(bag, wanted)
        beside = base_topic(topic).rpartition("/")[0] + "/labels/compressed"
        labels_topic = beside if bag.topics.get(beside) == TYPE else None
    return Source(path, topic, labels_topic, None, path.name)


def _from_video(path: Path, bag: Path, progress: Progress) -> Source:
    with VideoReader(path) as video:
        stills = (Still(time_s, encode_jpeg(frame), "jpeg") for time_s, frame in video.frames())
        _write(bag, stills, video.count, progress)
    return Source(bag, CAMERA_TOPIC, None, None, path.name)


def _from_images(path: Path, bag: Path, fps: float, progress: Progress) -> Source:
    images = list_images(path) if path.is_dir() else (path,)
    folder = images[0].parent.parent / "labels"
    has_labels = path.is_dir() and all((folder / f"{one.stem}.png").exists() for one in images)
    stills = (
        _still(one, index / fps, folder if has_labels else None) for index, one in enumerate(images)
    )
    _write(bag, stills, len(images), progress)
    title = "/".join(images[0].parent.resolve().parts[-3:])
    return Source(bag, CAMERA_TOPIC, LABELS_TOPIC if has_labels else None, None, title)


def _still(path: Path, time_s: float, labels_folder: Path | None) -> Still:
    labels = None
    if labels_folder is not None:
        labels = encode_png(read_labels(labels_folder / f"{path.stem}.png"))
    suffix = path.suffix.lower()
    image = read_image(path)  # a damaged file is named now, and not in the middle of the replay
    if suffix in {".jpg", ".jpeg"}:
        data = read_bytes(path)
        if orientation_of(data) == UPRIGHT:  # nobody turns what comes in a message
            return Still(time_s, data, "jpeg", labels)
    return Still(time_s, encode_png(image), "png", labels)


def _write(path: Path, stills: Iterator[Still], total: int, progress: Progress) -> None:
    with BagWriter(path) as bag:
        camera, truth = bag.add_topic(CAMERA_TOPIC, TYPE), bag.add_topic(LABELS_TOPIC, TYPE)
        for index, still in enumerate(stills):
            time_ns = START_NS + round(1e9 * still.time_s)
            image = compressed_image(still.image, still.image_format, time_ns, FRAME_ID)
            bag.write_message(camera, time_ns, image)
            if still.labels is not None:
                labels = compressed_image(still.labels, "mono8; png compressed ", time_ns, FRAME_ID)
                bag.write_message(truth, time_ns, labels)
            progress(index + 1, max(total, index + 1))
