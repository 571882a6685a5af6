"""Renders a drive in as many processes as there are cores, to a bag, a video or a folder."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from segmentation_node.bags.reader import FILE_SUFFIXES
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.demo.drive_spec import DriveSpec
from segmentation_node.media.codec import decode_image, encode_jpeg, encode_png
from segmentation_node.media.images import write_bytes
from segmentation_node.media.video import VideoWriter, is_video
from segmentation_node.offline.job import check_free

Progress = Callable[[int, int], None]

CAMERA_TOPIC = "/camera/image_raw/compressed"
LABELS_TOPIC = "/camera/labels/compressed"
TYPE = "sensor_msgs/msg/CompressedImage"
FRAME_ID = "camera"
START_NS = 1_767_225_600_000_000_000  # a fixed day, so that a drive's bag is always the same
JPEG_QUALITY = 90
_MOST_PROCESSES = 8

_worker: dict[str, Any] = {}


def render(spec: DriveSpec, output: Path, progress: Progress) -> None:
    """Render a drive to a bag (a folder, .mcap or .db3), a video (.mp4) or a folder of images.

    Args:
        spec: The drive.
        output: Where to; an ending of a bag or a video chooses it, without one it is a folder
            of `images/` and `labels/`.
        progress: Called with the frames done and all frames.

    Raises:
        OutputError: The output is taken, or cannot be written.
    """
    check_free(output)
    if output.suffix.lower() in FILE_SUFFIXES:
        render_bag(spec, output, progress)
    elif is_video(output):
        _render_video(spec, output, progress)
    else:
        _render_folder(spec, output, progress)


def render_bag(spec: DriveSpec, output: Path, progress: Progress) -> None:
    """Render a drive to a bag: JPEG frames, and their exact labels on a topic of their own.

    Args:
        spec: The drive.
        output: A new bag.
        progress: Called with the frames done and all frames.
    """
    with BagWriter(output) as bag:
        camera, truth = bag.add_topic(CAMERA_TOPIC, TYPE), bag.add_topic(LABELS_TOPIC, TYPE)
        for index, (jpeg, png) in enumerate(rendered(spec, progress)):
            time_ns = START_NS + round(index * 1e9 / spec.fps)
            image = compressed_image(jpeg, "bgr8; jpeg compressed bgr8", time_ns, FRAME_ID)
            labels = compressed_image(png, "mono8; png compressed ", time_ns, FRAME_ID)
            bag.write_message(camera, time_ns, image)
            bag.write_message(truth, time_ns, labels)


def cached_bag(spec: DriveSpec, folder: Path, progress: Progress) -> Path:
    """The bag of a drive, rendered only where the folder does not hold it yet.

    Args:
        spec: The drive.
        folder: Where bags of drives are kept; one of another drive makes room.
        progress: Called with the frames done and all frames.
    """
    path = folder / f"rendered-{spec.key}.mcap"
    if not path.exists():
        for old in folder.glob(f"rendered-{'[0-9a-f]' * len(spec.key)}.mcap"):
            old.unlink()
        render_bag(spec, path, progress)
    progress(spec.frames, spec.frames)
    return path


def rendered(spec: DriveSpec, progress: Progress) -> Iterator[tuple[bytes, bytes]]:
    """Yield each frame as JPEG and its labels as PNG, in order.

    Args:
        spec: The drive.
        progress: Called with the frames done and all frames.
    """
    workers = min(len(os.sched_getaffinity(0)), _MOST_PROCESSES, spec.frames)
    # Spawned, not forked: OpenCV's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (spec,))
    try:
        for index, frame in enumerate(pool.map(_render_frame, range(spec.frames), chunksize=2)):
            progress(index + 1, spec.frames)
            yield frame
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker(spec: DriveSpec) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for us
    _worker["drive"] = spec.drive()


def _render_frame(index: int) -> tuple[bytes, bytes]:
    image, labels = _worker["drive"].frame(index)
    return encode_jpeg(image, JPEG_QUALITY), encode_png(labels)


def _render_video(spec: DriveSpec, output: Path, progress: Progress) -> None:
    with VideoWriter(output, spec.fps) as video:
        for jpeg, _ in rendered(spec, progress):
            video.write(decode_image(jpeg))


def _render_folder(spec: DriveSpec, output: Path, progress: Progress) -> None:
    for index, (jpeg, png) in enumerate(rendered(spec, progress)):
        write_bytes(output / "images" / f"{index:06d}.jpg", jpeg)
        write_bytes(output / "labels" / f"{index:06d}.png", png)
