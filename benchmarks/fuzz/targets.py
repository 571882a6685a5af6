"""What reads bytes from outside, and whole examples of those bytes to start from.

A reader has two ways to end: it answers, or it raises a `SegmentationError`. Whatever else happens
(another exception, a crash of the process, memory or time without bound) is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz import seeds
from segmentation_node.bags.images import COMPRESSED_TYPE, IMAGE_TYPES, RAW_TYPE, decode_frame
from segmentation_node.bags.reader import BagReader
from segmentation_node.core import compressed
from segmentation_node.core.class_map import load_class_map
from segmentation_node.engines.cache.manifest import read_manifest as read_engine_manifest
from segmentation_node.errors import SegmentationError
from segmentation_node.media.codec import decode_image, decode_labels
from segmentation_node.model import load_model
from segmentation_node.model.onnx_file import check_onnx_file
from segmentation_node.offline.manifest import manifest_path
from segmentation_node.offline.manifest import read_manifest as read_run_manifest

Reader = Callable[[bytes], None]


@dataclass(frozen=True)
class Target:
    """A reader of bytes.

    Args:
        seeds: Makes whole examples of what it reads.
        opened: Makes the reader itself, given an empty folder of its own.
    """

    seeds: Callable[[], list[bytes]]
    opened: Callable[[Path], Reader]

    def reader(self, folder: Path) -> Reader:
        """The reader, which takes the errors of this package as answers."""
        read = self.opened(folder)

        def answer(data: bytes) -> None:
            with suppress(SegmentationError):
                read(data)

        return answer


def _image(_: Path) -> Reader:
    def read(data: bytes) -> None:
        # The two have the same bytes to judge, and one may refuse what the other takes.
        for decode in (compressed.decode, decode_image, decode_labels):
            with suppress(SegmentationError):
                decode(data)

    return read


def _file(name: str, read: Callable[[Path], object]) -> Callable[[Path], Reader]:
    def opened(folder: Path) -> Reader:
        path = folder / name

        def write_and_read(data: bytes) -> None:
            path.write_bytes(data)
            read(path)

        return write_and_read

    return opened


def _sidecar(folder: Path) -> Reader:
    network = folder / "model.onnx"
    network.write_bytes(seeds.network())
    return _file("model.yaml", lambda _: load_model(network))(folder)


def _run_manifest(folder: Path) -> Reader:
    bag = folder / "drive.mcap"
    return _file(manifest_path(bag).name, lambda _: read_run_manifest(bag))(folder)


def _read_bag(path: Path) -> None:
    with BagReader(path) as bag:
        for message in bag.messages():
            if message.type in IMAGE_TYPES:
                with suppress(SegmentationError):
                    decode_frame(message)


def _message(kind: str) -> Callable[[Path], Reader]:
    def opened(_: Path) -> Reader:
        # Opened once: the whole hot path of a frame, with a network of this package behind it.
        segmenter = seeds.segmenter()

        def read(data: bytes) -> None:
            frame = decode_frame(seeds.message(kind, data))
            labels = segmenter(frame).labels
            if labels.shape != (frame.height, frame.width):
                raise AssertionError(f"{labels.shape} for {frame.height}x{frame.width}")

        return read

    return opened


TARGETS: Mapping[str, Target] = {
    "message": Target(seeds.image_messages, _message(RAW_TYPE)),
    "compressed": Target(seeds.compressed_messages, _message(COMPRESSED_TYPE)),
    "jpeg": Target(seeds.image_files, _image),
    "sidecar": Target(seeds.sidecars, _sidecar),
    "class_map": Target(seeds.class_maps, _file("map.yaml", load_class_map)),
    "onnx": Target(lambda: [seeds.network()], _file("model.onnx", check_onnx_file)),
    "mcap": Target(lambda: [seeds.bag("drive.mcap")], _file("drive.mcap", _read_bag)),
    "sqlite3": Target(lambda: [seeds.bag("drive.db3")], _file("drive.db3", _read_bag)),
    "manifest": Target(seeds.engine_manifests, _file("engine.json", read_engine_manifest)),
    "run_manifest": Target(seeds.run_manifests, _run_manifest),
}
"""Every reader, by the name it has on the command line and in the results."""
