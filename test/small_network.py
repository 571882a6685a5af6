"""Writes small networks as ONNX, byte by byte: the tests then need no onnx package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from segmentation_node.core.geometry import FitMode, NetworkSize
from segmentation_node.model import Calibration, ImageSummary, Spread

FLOAT, INT8 = 1, 3
COLORS = ([200, 0, 0], [0, 200, 0], [0, 0, 200], [90, 90, 90], [250, 250, 0], [0, 250, 250])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    block = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(block)) + block


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def tensor(name: str, array: NDArray[Any]) -> bytes:
    kind = INT8 if array.dtype == np.int8 else FLOAT
    dims = b"".join(field(1, size) for size in array.shape)
    return dims + field(2, kind) + field(8, name) + field(9, array.tobytes())


def external(weights: bytes, name: str, length: int) -> bytes:
    """A tensor whose values lie in a file: ONNX ignores those that stand in the tensor too."""
    entries = {"location": name, "offset": "0", "length": str(length)}
    pairs = (field(13, field(1, key) + field(2, value)) for key, value in entries.items())
    return weights + b"".join(pairs) + field(14, 1)


def value_info(name: str, shape: tuple[int | None, ...], kind: int = FLOAT) -> bytes:
    dims = b"".join(
        field(1, field(2, f"{name}{axis}") if size is None else field(1, size))
        for axis, size in enumerate(shape)
    )
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


def node(kind: str, inputs: list[str], outputs: list[str], **lists: list[int]) -> bytes:
    attributes = b"".join(
        field(5, field(1, key) + b"".join(field(8, n) for n in values) + field(20, 7))
        for key, values in lists.items()
    )
    names = b"".join(field(1, name) for name in inputs) + b"".join(field(2, n) for n in outputs)
    return names + field(4, kind) + attributes


def weights(classes: int, stride: int) -> NDArray[np.float32]:
    """(C, 3, s, s): each class is a mixture of the mean colours of a block of pixels."""
    mixture = np.random.default_rng(classes).normal(size=(classes, 3, 1, 1))
    return np.broadcast_to(mixture / stride**2, (classes, 3, stride, stride)).astype(np.float32)


def expected_logits(image: NDArray[np.float32], classes: int, stride: int) -> NDArray[np.float32]:
    """(1, C, h/s, w/s): what the network makes of a (1, 3, h, w) float32 input."""
    _, _, height, width = image.shape
    blocks = image.reshape(3, height // stride, stride, width // stride, stride).sum(axis=(2, 4))
    mixed = np.einsum("ck,kyx->cyx", weights(classes, stride)[:, :, 0, 0], blocks)
    return mixed[None].astype(np.float32)


def onnx_bytes(
    classes: int = 4,
    stride: int = 8,
    size: tuple[int | None, int | None] = (None, None),
    quantised: bool = False,
    outputs: int = 1,
    channels_last: bool = False,
    ends_in: tuple[str, ...] = (),
    kind: int = FLOAT,
    result: tuple[int | None, ...] | None = None,
    data_file: str = "",
) -> bytes:
    """A network of one convolution, and of what its form in the wild has beside it.

    It may end in further operators, give a result of another type and shape than logits, and keep
    its weights in a file beside it, of as many bytes as they are.
    """
    image, kernel = weights(classes, stride), "weights"
    nodes, constants = [], [tensor("weights", image)]
    source = "image"
    if quantised:
        scales = {"x_scale": np.float32(1 / 64), "w_scale": np.float32(np.abs(image).max() / 127)}
        whole = np.rint(image / scales["w_scale"]).astype(np.int8)
        constants = [tensor("whole", whole), tensor("zero", np.array(0, np.int8))]
        constants += [tensor(name, np.array(scale)) for name, scale in scales.items()]
        nodes = [
            node("QuantizeLinear", ["image", "x_scale", "zero"], ["image8"]),
            node("DequantizeLinear", ["image8", "x_scale", "zero"], ["imageq"]),
            node("DequantizeLinear", ["whole", "w_scale", "zero"], ["weightsq"]),
        ]
        source, kernel = "imageq", "weightsq"
    strides = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
    between = [f"before{n}" for n in range(len(ends_in))]
    names = [*between, "logits"]
    nodes.append(node("Conv", [source, kernel], names[:1], **strides))
    nodes += [node(op, [names[n]], [names[n + 1]]) for n, op in enumerate(ends_in)]
    if data_file:
        constants[0] = external(constants[0], data_file, image.nbytes)
    nodes += [node("Relu", ["logits"], [f"more{n}"]) for n in range(1, outputs)]
    shape = (1, *size, 3) if channels_last else (1, 3, *size)
    coarse = tuple(None if side is None else side // stride for side in size)
    ends = [value_info("logits", (1, classes, *coarse) if result is None else result, kind)]
    ends += [value_info(f"more{n}", (1, classes, *coarse)) for n in range(1, outputs)]
    graph = b"".join(field(1, one) for one in nodes) + field(2, "small")
    graph += b"".join(field(5, one) for one in constants)
    graph += field(11, value_info("image", shape)) + b"".join(field(12, end) for end in ends)
    return field(1, 8) + field(2, "test") + field(7, graph) + field(8, field(2, 17))


def sidecar(classes: int = 4, stride: int = 8, **changes: Any) -> dict[str, Any]:
    """A sidecar for the network, keys of its `input` among the changes."""
    spec = {
        "height": None,
        "width": None,
        "multiple": 32,
        "mean": [100.0, 120.0, 140.0],
        "std": [60.0, 70.0, 80.0],
        "order": "rgb",
        "fit": "stretch",
        "pad": [10, 20, 30],
    }
    names = [{"id": 3 * i + 1, "name": f"class {i}", "color": COLORS[i]} for i in range(classes)]
    content: dict[str, Any] = {
        "format": 1,
        "name": "small",
        "input": {key: changes.pop(key, value) for key, value in spec.items()},
        "output": {"stride": stride},
        "default_size": [64, 96],
        "labels": {"name": "small", "classes": names},
    }
    return {**content, **changes}


def calibrated_by_day() -> dict[str, Any]:
    """The `calibration` of a sidecar: two images of the luminance 90 and 110, by day.

    Half of them are without any contrast and colour, half have all of it.
    """
    day, anything = Spread.of([90.0, 110.0]), Spread.of([0.0] * 20 + [255.0] * 20)
    images = ImageSummary(("a.png", "b.png"), "0" * 64, {"day": 2}, day, anything, anything)
    size, fit = NetworkSize(64, 96), FitMode.STRETCH
    calibration = Calibration(
        "minmax", 2048, 100.0, size, fit, "0" * 64, images, {"image": 1.0}, ()
    )
    return dict(calibration.to_mapping())


def write_network(
    folder: Path, onnx: bytes | None = None, name: str = "small", **content: Any
) -> Path:
    """Write a network and its sidecar; give the path of the .onnx file."""
    path = folder / f"{name}.onnx"
    path.write_bytes(onnx_bytes() if onnx is None else onnx)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(sidecar(**content)), encoding="utf-8")
    return path
