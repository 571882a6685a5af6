from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

MakeModel = Callable[..., Path]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def onnx_bytes(graph: bytes = b"\x12\x01g" * 100) -> bytes:
    """The outer layer of an ONNX file: version, producer, graph and opset."""
    opset = b"\x10\x11"
    blocks = ((2, b"test"), (7, graph), (8, opset))
    return b"\x08\x08" + b"".join(
        varint(field << 3 | 2) + varint(len(block)) + block for field, block in blocks
    )


def sidecar() -> dict[str, Any]:
    """A sidecar with nothing left out but what is optional."""
    return {
        "format": 1,
        "name": "little",
        "input": {
            "height": None,
            "width": None,
            "multiple": 32,
            "mean": [127.0, 127, 127],
            "std": [128.0, 128, 128],
            "order": "rgb",
            "fit": "letterbox",
            "pad": [10, 20, 30],
        },
        "output": {"stride": 8},
        "default_size": [256, 512],
        "labels": "camvid11",
    }


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Write an ONNX and its sidecar, with values changed at key paths such as `input.mean`."""

    def make(changes: dict[str, Any] | None = None, without: str = "") -> Path:
        content = sidecar()
        for path, value in (changes or {}).items():
            *parents, key = path.split(".")
            place = content
            for parent in parents:
                place = place[parent]
            place[key] = value
        if without:
            *parents, key = without.split(".")
            place = content
            for parent in parents:
                place = place[parent]
            del place[key]
        path = tmp_path / "little.onnx"
        path.write_bytes(onnx_bytes())
        path.with_suffix(".yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return make
