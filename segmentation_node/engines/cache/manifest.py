"""The manifest beside a plan: what it was built from, checked before TensorRT sees the plan.

TensorRT has no way to ask a plan where it belongs: of a foreign one, deserialising gives nothing
but a line in the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from segmentation_node.engines.cache.key import FORMAT, EngineKey
from segmentation_node.errors import EngineError, SegmentationError
from segmentation_node.fields import Fields, parse_json

REBUILD = "nothing: the engine is built again"
"""What is to be done about an unusable engine of the cache."""

LARGEST_PLAN_BYTES = 2**40


@dataclass(frozen=True)
class Manifest:
    """What is known of a plan.

    Args:
        key: What it was built from.
        model_name: Name of the network.
        model_file: Name of the ONNX file.
        plan_bytes: Size of the plan.
        plan_sha256: Hash of the plan.
        built_at: UTC in ISO 8601.
        build_ms: How long it took.
        package: Version of this package.
        layers: How many layers with weights the network has, by the type that they compute in.
    """

    key: EngineKey
    model_name: str
    model_file: str
    plan_bytes: int
    plan_sha256: str
    built_at: str
    build_ms: int
    package: str
    layers: Mapping[str, int]

    def to_json(self) -> str:
        """Give the manifest as it is written."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        EngineError: It is missing, unreadable, of another form or incomplete.
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise unusable("no engine of this kind in the cache") from error
    except (OSError, ValueError) as error:
        raise unusable(f"an unreadable manifest {path.name} ({error})") from error
    try:
        return _manifest(Fields(content, path.name, EngineError))
    except SegmentationError as error:
        raise unusable(f"an unreadable manifest ({error.received})") from error


def unusable(received: str) -> EngineError:
    """Make the error that says why an engine of the cache cannot be used."""
    return EngineError(received, "a whole engine for this model on this machine", REBUILD)


def _manifest(fields: Fields) -> Manifest:
    if fields.raw("format") != FORMAT:
        fields.fail("format", str(FORMAT))
    layers = fields.child("layers")
    manifest = Manifest(
        key=EngineKey.read(fields.child("key")),
        model_name=fields.text("model_name"),
        model_file=fields.text("model_file"),
        plan_bytes=fields.integer("plan_bytes", 1, LARGEST_PLAN_BYTES),
        plan_sha256=fields.text("plan_sha256"),
        built_at=fields.text("built_at"),
        build_ms=fields.integer("build_ms", 0, 2**53),
        package=fields.text("package"),
        layers={name: layers.integer(name, 0, 2**31) for name in fields.mapping("layers")},
    )
    fields.close()
    return manifest
