"""INT8 adds up to the same on processors that cut sums of products off at 16 bits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_network import field, node, tensor, value_info, write_network

from segmentation_node.bench.camera_images import read_frames
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import openvino_int8 as int8
from segmentation_node.engines import openvino_runtime as runtime
from segmentation_node.engines.openvino import OpenVinoEngine
from segmentation_node.errors import EngineError
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter

STRIDE, CLASSES = 8, 4
# The largest weights of one sign: every sum of two products is as large as it can be.
LOUD = np.full((CLASSES, 3, STRIDE, STRIDE), 127, np.int8)
W_SCALE = np.float32(1 / (127 * 3 * STRIDE**2))


def network(whole: NDArray[Any], zero: int = 0) -> bytes:
    """A quantised convolution of pixels 0 to 1; weights are integers, or floats made so there."""
    constants = [
        tensor("whole", whole),
        tensor("x_scale", np.array(1 / 255, np.float32)),
        tensor("x_zero", np.array(-128, np.int8)),
        tensor("w_scale", np.array(W_SCALE, np.float32)),
        tensor("w_zero", np.array(zero, np.int8)),
    ]
    image, kernel = ["image", "x_scale", "x_zero"], ["whole", "w_scale", "w_zero"]
    nodes = [
        node("QuantizeLinear", image, ["image8"]),
        node("DequantizeLinear", ["image8", *image[1:]], ["imageq"]),
    ]
    if whole.dtype != np.int8:
        nodes.append(node("QuantizeLinear", kernel, ["whole8"]))
        kernel[0] = "whole8"
    nodes.append(node("DequantizeLinear", kernel, ["weightsq"]))
    strides = {"kernel_shape": [STRIDE, STRIDE], "strides": [STRIDE, STRIDE]}
    nodes.append(node("Conv", ["imageq", "weightsq"], ["logits"], **strides))
    graph = b"".join(field(1, one) for one in nodes) + field(2, "loud")
    graph += b"".join(field(5, one) for one in constants)
    graph += field(11, value_info("image", (1, 3, None, None)))
    graph += field(12, value_info("logits", (1, CLASSES, None, None)))
    return field(1, 8) + field(2, "test") + field(7, graph) + field(8, field(2, 17))


def opened(folder: Path, onnx: bytes) -> OpenVinoEngine:
    path = write_network(folder, onnx, mean=[0.0] * 3, std=[255.0] * 3)
    model = load_model(path)
    # Not "int8": some processors run so small a network in float, and say so.
    return OpenVinoEngine(model, "auto", model.default_size)


def read(path: Path) -> Any:
    return runtime.core().read_model(str(path))


def weights_of(read_network: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    i8 = runtime.openvino().Type.i8
    for one in read_network.get_ops():
        is_constant = one.get_type_name() == "Constant" and one.get_element_type() == i8
        if is_constant and len(one.shape) > 1:
            yield one.get_friendly_name(), np.asarray(one.data, np.int16)


@pytest.fixture(params=[False, True], ids=["as this machine is", "as one without VNNI"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setattr(int8, "cuts_sums_off", lambda: True)


@pytest.mark.usefixtures("machine")
def test_large_activations_and_weights_add_up(tmp_path: Path) -> None:
    with opened(tmp_path, network(LOUD)) as engine:
        for grey in (0, 100, 255):
            logits = engine.infer(np.full(engine.input_array.shape, grey, np.uint8))
            assert logits == pytest.approx(grey / 255, rel=0.02)


@pytest.mark.usefixtures("machine")
def test_the_shipped_network_answers_as_in_fp32() -> None:
    images = read_frames(None, NetworkSize(720, 1280), 2)
    with (
        Segmenter.load("camvid", engine="openvino", precision="fp32") as exact,
        Segmenter.load("camvid", engine="openvino", precision="int8") as quantised,
    ):
        for image in images:
            # Sums that are cut off cost three pixels of a hundred and more.
            assert (quantised(image).labels == exact(image).labels).mean() > 0.985


def test_weights_that_products_are_added_up_of_are_halved_and_the_others_kept() -> None:
    path = load_model("camvid").path.with_name("camvid.int8.onnx")
    narrowed = read(path)
    changed = int8.narrow_weights(narrowed)
    before, after = dict(weights_of(read(path))), dict(weights_of(narrowed))
    assert before.keys() == after.keys()
    depthwise = {name for name, weights in before.items() if weights.shape[1] == 1}
    assert len(depthwise) == len(before) - changed > 10
    for name, old in before.items():
        if name in depthwise:
            assert (after[name] == old).all()
        else:
            assert np.abs(after[name]).max() <= 64
            assert np.abs(2 * after[name] - old).max() <= 1


def test_a_network_of_floats_stays_as_it_is() -> None:
    assert int8.narrow_weights(read(load_model("camvid").path)) == 0


@pytest.mark.parametrize(
    ("onnx", "why"),
    [
        (network(LOUD * W_SCALE), "made whole on the way"),
        (network(LOUD, zero=3), "a zero that is not zero"),
    ],
    ids=["floats", "zero point"],
)
def test_weights_that_cannot_be_halved_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, onnx: bytes, why: str
) -> None:
    monkeypatch.setattr(int8, "cuts_sums_off", lambda: True)
    with pytest.raises(EngineError, match=r"cannot be narrowed .* without VNNI.*fp32"):
        opened(tmp_path, onnx)


@pytest.mark.parametrize(
    ("machine_name", "flags", "cuts"),
    [
        ("x86_64", "fpu sse avx2", True),
        ("x86_64", "fpu avx2 avx_vnni", False),
        ("x86_64", "fpu avx512f avx512_vnni amx_int8", False),
        ("x86_64", None, True),
        ("aarch64", "", False),
    ],
)
def test_vnni_is_looked_for_where_it_matters(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine_name: str,
    flags: str | None,
    cuts: bool,
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    monkeypatch.setattr(int8, "_CPUINFO", cpuinfo)
    monkeypatch.setattr("platform.machine", lambda: machine_name)
    int8.cuts_sums_off.cache_clear()
    assert int8.cuts_sums_off() is cuts
    int8.cuts_sums_off.cache_clear()
