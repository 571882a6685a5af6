"""Whole examples of what the readers read: small, so that a mutation is likely to matter."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.bags.images import COMPRESSED_TYPE, RAW_TYPE
from segmentation_node.bags.reader import Message
from segmentation_node.bags.types import typestore
from segmentation_node.bags.writer import BagWriter, compressed_image
from segmentation_node.core.class_map import class_maps_directory
from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines.cache import EngineKey, Gpu
from segmentation_node.engines.cache.manifest import Manifest as EngineManifest
from segmentation_node.media.codec import encode_jpeg, encode_png
from segmentation_node.model import MODELS_DIRECTORY
from segmentation_node.offline.manifest import Manifest as RunManifest
from segmentation_node.offline.manifest import manifest_path
from segmentation_node.pipeline.segmenter import Segmenter

_HEIGHT, _WIDTH = 12, 16
_STAMP_NS = 1_700_000_000_123_456_789


def segmenter() -> Segmenter:
    """A shipped network at the smallest size that it can do, on the processor."""
    size = NetworkSize(64, 64)
    return Segmenter.load("rendered", engine="openvino", precision="fp32", network_size=size)


def message(kind: str, data: bytes) -> Message:
    """A recorded message of a type, as a bag gives it."""
    return Message("/camera", kind, _STAMP_NS, data, connection=None)


def images() -> list[bytes]:
    """A JPEG in colour and one in grey, and PNGs of one to four channels, eight and 16 bits."""
    picture = _picture(3)
    sixteen = picture.astype(np.uint16) * 257
    grey = np.ascontiguousarray(picture[..., 0])
    of_sixteen_bits = encode_png(cast("NDArray[np.uint8]", sixteen))
    pngs = (encode_png(image) for image in (picture, grey, _picture(4)))
    return [encode_jpeg(picture), encode_jpeg(grey), *pngs, of_sixteen_bits]


def image_files() -> list[bytes]:
    """Those images, and one in each other format that a node or a folder of images may meet."""
    endings = (".bmp", ".ppm", ".webp", ".tiff")
    return [*images(), *(cv2.imencode(one, _picture(3))[1].tobytes() for one in endings)]


def compressed_messages() -> list[bytes]:
    """Those images in messages, with what cameras and image_transport write as their format."""
    formats = ("jpeg", "mono8; jpeg compressed ", "rgb8; png compressed bgr8", "png", "png", "16")
    return [
        _cdr(compressed_image(data, name, _STAMP_NS, "camera"), COMPRESSED_TYPE)
        for data, name in zip(images(), formats, strict=True)
    ]


def image_messages() -> list[bytes]:
    """A raw image in every encoding of the table."""
    return [_raw(name) for name in ENCODINGS]


def sidecars() -> list[bytes]:
    """The sidecars of the networks that come with the package."""
    return _contents(MODELS_DIRECTORY.glob("*.yaml"))


def class_maps() -> list[bytes]:
    """The class maps that come with the package."""
    return _contents(class_maps_directory().glob("*.yaml"))


def network() -> bytes:
    """An ONNX file as its outer layer shows: a version, a producer, a graph and an opset."""
    return bytes([0x08, 8, 0x12, 1, 0x61, 0x3A, 3, 0x12, 1, 0x67, 0x42, 2, 0x10, 17])


def bag(name: str) -> bytes:
    """A bag of two images, raw and compressed, as a single file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with BagWriter(path) as writer:
            for kind, data in (
                (RAW_TYPE, _raw("bgr8")),
                (COMPRESSED_TYPE, compressed_messages()[0]),
            ):
                topic = writer.add_topic("/camera/" + kind.rpartition("/")[2].lower(), kind)
                writer.write(topic, _STAMP_NS, data)
        return path.read_bytes()


def engine_manifests() -> list[bytes]:
    """The manifest of an engine for a Jetson."""
    gpu = Gpu("Orin", "8.7", 62841, "540.4.0", "12.6")
    key = EngineKey(
        "ab" * 32, "fp16", (1, 3, 64, 96), "tensorrt", "10.3.0", "", gpu, None, 3, False
    )
    hours = "2026-01-02T03:04:05+00:00"
    found = EngineManifest(key, "net", "net.onnx", 1234, "cd" * 32, hours, 1500, "1", {"fp16": 3})
    return [found.to_json().encode()]


def run_manifests() -> list[bytes]:
    """The manifest of a segmented bag."""
    conditions: dict[str, dict[str, Any]] = {
        "input": {"size": 123},
        "network": {"name": "net"},
        "options": {"color": True},
    }
    manifest = RunManifest(conditions, 4567, 300, ("frame 7: cut short",), {"package": "1"})
    return [_written(manifest.write)]


def _written(write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drive.mcap"
        write(path)
        return manifest_path(path).read_bytes()


def _contents(paths: Iterable[Path]) -> list[bytes]:
    return [path.read_bytes() for path in sorted(paths)]


def _picture(channels: int) -> NDArray[np.uint8]:
    values = np.random.default_rng(7).integers(0, 256, (_HEIGHT, _WIDTH, channels))
    return values.astype(np.uint8)


def _raw(encoding: str) -> bytes:
    row = ENCODINGS[encoding]
    step = row.row_bytes(_WIDTH)
    types = typestore().types
    header = compressed_image(b"", "", _STAMP_NS, "camera").header
    image = types[RAW_TYPE](
        header=header,
        height=_HEIGHT,
        width=_WIDTH,
        encoding=encoding,
        is_bigendian=0,
        step=step,
        data=np.full(row.rows(_HEIGHT) * step, 90, np.uint8),
    )
    return _cdr(image, RAW_TYPE)


def _cdr(content: Any, kind: str) -> bytes:
    return bytes(typestore().serialize_cdr(content, kind))
