"""The same comparisons on a GPU, by PyCUDA. Skipped where there is none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.labels import CITYSCAPES_35
from segmentation_node.core.postprocess import colorize, confidence, labels_of, overlay, upsample
from segmentation_node.core.preprocess import preprocess
from segmentation_node.cuda.camera_image import CameraImage
from segmentation_node.cuda.driver import PRECISIONS
from segmentation_node.cuda.postprocess import Postprocess, Results
from segmentation_node.cuda.preprocess import Preprocess
from segmentation_node.cuda.pycuda_driver import PyCudaDriver
from segmentation_node.model.contract import InputSpec

DTYPES = {"fp32": np.float32, "fp16": np.float16}
HEIGHT, WIDTH, ALPHA = 362, 642, 0.3
FITTED = fit("letterbox", HEIGHT, WIDTH, NetworkSize(256, 512))
VALUES = InputSpec(
    256,
    512,
    32,
    (123.675, 116.28, 103.53),
    (58.395, 57.12, 57.375),
    "rgb",
    FitMode.LETTERBOX,
    (1, 2, 3),
)


class Gpu:
    """Copies arrays to the GPU and back."""

    def __init__(self, cuda: Any) -> None:
        self.cuda = cuda
        self._memories: list[Any] = []

    def put(self, array: NDArray[Any]) -> int:
        self._memories.append(self.cuda.mem_alloc(array.nbytes))
        self.cuda.memcpy_htod(self._memories[-1], np.ascontiguousarray(array))
        return int(self._memories[-1])

    def get(self, address: int, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        array = np.empty(shape, dtype)
        self.cuda.Context.synchronize()
        self.cuda.memcpy_dtoh(array, address)
        return array

    def free(self) -> None:
        while self._memories:
            self._memories.pop().free()


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    try:
        cuda = importlib.import_module("pycuda.driver")

        cuda.init()
    except Exception as error:  # without a driver the import fails, and without a GPU init does
        pytest.skip(f"no GPU for PyCUDA: {error}")
    context = cuda.Device(0).retain_primary_context()
    context.push()
    memory = Gpu(cuda)
    try:
        yield memory
    finally:
        memory.free()
        context.pop()


def noise_frame(encoding: str) -> tuple[Frame, NDArray[np.uint8]]:
    """A frame of random bytes, and the bytes."""
    row = ENCODINGS[encoding]
    step = row.row_bytes(WIDTH) + 7
    data = np.random.default_rng(0).integers(0, 256, row.rows(HEIGHT) * step, np.uint8)
    frame = Frame.from_buffer(data, height=HEIGHT, width=WIDTH, encoding=encoding, step=step)
    return frame, data


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_every_encoding_is_prepared_to_the_last_bit(
    gpu: Gpu, encoding: str, precision: str
) -> None:
    (frame, data), stream = noise_frame(encoding), gpu.cuda.Stream()
    shape, dtype = (1, 3, 256, 512), DTYPES[precision]
    output = gpu.put(np.zeros(shape, dtype))
    launcher = Preprocess(PyCudaDriver(), CameraImage.of(frame), FITTED, VALUES, precision)
    launcher(gpu.put(data), output, stream)
    expected = preprocess(frame, FITTED, VALUES).astype(dtype)
    assert (gpu.get(output, shape, dtype) == expected).all()
    launcher.close()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_results_are_the_definitions(gpu: Gpu, precision: str) -> None:
    (frame, data), labels, stream = noise_frame("uyvy"), CITYSCAPES_35, gpu.cuda.Stream()
    logits = (
        np.random.default_rng(1).normal(size=(labels.num_classes, 32, 64)).astype(DTYPES[precision])
    )
    size, palette = (HEIGHT, WIDTH), labels.palette()
    shapes = {"labels": size, "color": (*size, 3), "overlay": (*size, 3), "confidence": size}
    addresses = {name: gpu.put(np.zeros(shape, np.uint8)) for name, shape in shapes.items()}
    launcher = Postprocess(
        PyCudaDriver(),
        FITTED,
        logits.shape,
        labels,
        palette,
        precision,
        image=CameraImage.of(frame),
    )
    image = gpu.put(data)
    launcher(gpu.put(logits), Results(**addresses), stream, image, ALPHA)
    made = {name: gpu.get(addresses[name], shape, np.uint8) for name, shape in shapes.items()}
    launcher.close()
    logits = logits.astype(np.float32)
    ordered = np.sort(upsample(logits, FITTED), axis=0)
    differs = made["labels"] != labels_of(logits, FITTED, labels)
    widest = float((ordered[-1] - ordered[-2])[differs].max(initial=0))
    print(f"{differs.sum()} of {differs.size} labels differ, the best two by up to {widest:.1e}")
    assert differs.sum() * 10_000 < differs.size
    assert widest < 1e-3
    color = colorize(made["labels"], palette)
    assert (made["color"] == color).all()
    assert (made["overlay"] == overlay(to_bgr(frame), color, ALPHA)).all()
    sure = confidence(logits, FITTED)
    assert np.abs(made["confidence"].astype(int) - sure).max() <= 1
