"""Small bags: three camera frames, the transforms and a counter beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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


def write_bag(path: Path, frames: int = 3, compressed: bool = True) -> Path:
    types = typestore().types
    kind = "sensor_msgs/msg/CompressedImage" if compressed else "sensor_msgs/msg/Image"
    with BagWriter(path) as bag:
        camera = bag.add_topic("/camera/image_raw" + "/compressed" * compressed, kind)
        tf = bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        count = bag.add_topic("/count", "std_msgs/msg/Int32")
        for index in range(frames):
            time_ns = START_NS + index * PERIOD_NS
            jpeg = compressed_image(encode_jpeg(picture(index)), "jpeg", time_ns, "camera")
            image = jpeg if compressed else raw_image(index, time_ns)
            bag.write_message(camera, time_ns, image)
            bag.write_message(tf, time_ns + 1000, transforms(time_ns))
            bag.write_message(count, time_ns + 2000, types["std_msgs/msg/Int32"](data=index))
    return path
