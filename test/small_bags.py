"""Small bags: three camera frames, the transforms and a counter beside them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer

from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.media.codec import encode_jpeg

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000


def picture(index: int) -> np.ndarray:
    return np.full((24, 32, 3), (10 * index, 100, 200), np.uint8)


def raw_image(index: int, stamp_ns: int):
    types, pixels = typestore().types, picture(index)
    jpeg = compressed_image(encode_jpeg(pixels), "jpeg", stamp_ns, "camera")
    return types["sensor_msgs/msg/Image"](
        header=jpeg.header,
        height=24,
        width=32,
        encoding="bgr8",
        is_bigendian=0,
        step=96,
        data=pixels.reshape(-1),
    )


def transforms(stamp_ns: int):
    types = typestore().types
    header = raw_image(0, stamp_ns).header
    zero = types["geometry_msgs/msg/Vector3"](x=0.0, y=0.0, z=0.0)
    turn = types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0)
    pose = types["geometry_msgs/msg/Transform"](translation=zero, rotation=turn)
    one = types["geometry_msgs/msg/TransformStamped"](
        header=header, child_frame_id="lidar", transform=pose
    )
    return types["tf2_msgs/msg/TFMessage"](transforms=[one, one])


def write_bag(path: Path, frames: int = 3, compressed: bool = True, first: int = 0) -> Path:
    types = typestore().types
    kind = "sensor_msgs/msg/CompressedImage" if compressed else "sensor_msgs/msg/Image"
    with BagWriter(path) as bag:
        camera = bag.add_topic("/camera/image_raw" + "/compressed" * compressed, kind)
        tf = bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        count = bag.add_topic("/count", "std_msgs/msg/Int32")
        for index in range(first, first + frames):
            time_ns = START_NS + index * PERIOD_NS
            jpeg = compressed_image(encode_jpeg(picture(index)), "jpeg", time_ns, "camera")
            image = jpeg if compressed else raw_image(index, time_ns)
            bag.write_message(camera, time_ns, image)
            bag.write_message(tf, time_ns + 1000, transforms(time_ns))
            bag.write_message(count, time_ns + 2000, types["std_msgs/msg/Int32"](data=index))
    return path


def speckled(index: int) -> np.ndarray:
    """(48, 64, 3) uint8 BGR: blocks of random colours, others for each index."""
    blocks = np.random.default_rng(index).integers(0, 256, (6, 8, 3), np.uint8)
    return blocks.repeat(8, axis=0).repeat(8, axis=1)


def write_cameras(
    path: Path, *topics: str, frames: int = 3, make: Callable[[int], np.ndarray] = picture
) -> Path:
    """A bag with several cameras; a topic that ends in /compressed holds JPEGs."""
    with BagWriter(path) as bag:
        for index in range(frames):
            for number, topic in enumerate(topics):
                time_ns = START_NS + index * PERIOD_NS + number
                jpeg = compressed_image(encode_jpeg(make(index)), "jpeg", time_ns, topic)
                is_jpeg = topic.endswith("/compressed")
                message = jpeg if is_jpeg else raw_image(index, time_ns)
                bag.write_message(bag.add_topic(topic, message.__msgtype__), time_ns, message)
    return path


def compress_bag(source: Path, folder: Path, mode: CompressionMode, storage: StoragePlugin) -> Path:
    """The same bag as ros2 bag record writes it with --compression-mode file or message."""
    writer = Writer(folder, version=8, storage_plugin=storage)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with Reader(source) as bag, writer:
        topics = {
            found.id: writer.add_connection(found.topic, found.msgtype, typestore=typestore())
            for found in bag.connections
        }
        for found, time_ns, data in bag.messages():
            writer.write(topics[found.id], time_ns, data)
    return folder


def split_bag(folder: Path, storage: StoragePlugin, parts: int = 3) -> Path:
    """A bag of several files under one metadata.yaml, a frame in each."""
    files, wholes = [], []
    for index in range(parts):
        single = write_bag(folder.with_name(f"{folder.name}_{index}.mcap"), 1, first=index)
        part = compress_bag(single, folder / f"{index}", CompressionMode.NONE, storage)
        whole = yaml.safe_load((part / "metadata.yaml").read_text())
        wholes.append(whole["rosbag2_bagfile_information"])
        (file,) = (path for path in part.iterdir() if path.suffix != ".yaml")
        files.append(file.rename(folder / f"{folder.name}_{file.name}").name)
        shutil.rmtree(part)
        single.unlink()
    found = wholes[0]
    found["relative_file_paths"] = files
    found["message_count"] *= parts
    found["duration"]["nanoseconds"] += (parts - 1) * PERIOD_NS
    for entry in found["topics_with_message_count"]:
        entry["message_count"] *= parts
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": found}))
    return folder
