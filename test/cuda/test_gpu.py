"""The same comparisons on a GPU, by PyCUDA. Skipped where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from on_gpu import Bench, benches

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import FitMode, NetworkSize, fit
from segmentation_node.core.labels import CITYSCAPES_35
from segmentation_node.core.postprocess import colorize, confidence, labels_of, overlay, upsample
from segmentation_node.core.preprocess import preprocess
from segmentation_node.cuda.camera_image import LAYOUTS, CameraImage
from segmentation_node.cuda.driver import PRECISIONS
from segmentation_node.cuda.postprocess import Postprocess, Results
from segmentation_node.cuda.preprocess import Preprocess
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


pytestmark = pytest.mark.gpu


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield from benches()


def noise_frame(encoding: str) -> tuple[Frame, NDArray[np.uint8]]:
    """A frame of random bytes, and the bytes."""
    row = ENCODINGS[encoding]
    step = row.row_bytes(WIDTH) + 7
    data = np.random.default_rng(0).integers(0, 256, row.rows(HEIGHT) * step, np.uint8)
    frame = Frame.from_buffer(data, height=HEIGHT, width=WIDTH, encoding=encoding, step=step)
    return frame, data


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("encoding", list(LAYOUTS))
def test_every_encoding_is_prepared_to_the_last_bit(
    bench: Bench, encoding: str, precision: str
) -> None:
    frame, data = noise_frame(encoding)
    shape, dtype = (1, 3, 256, 512), DTYPES[precision]
    output = bench.put(np.zeros(shape, dtype))
    launcher = Preprocess(bench.gpu, CameraImage.of(frame), FITTED, VALUES, precision)
    launcher(bench.put(data), output, bench.stream)
    expected = preprocess(frame, FITTED, VALUES).astype(dtype)
    assert (bench.get(output, shape, dtype) == expected).all()
    launcher.free()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_results_are_the_definitions(bench: Bench, precision: str) -> None:
    (frame, data), labels = noise_frame("uyvy"), CITYSCAPES_35
    logits = (
        np.random.default_rng(1).normal(size=(labels.num_classes, 32, 64)).astype(DTYPES[precision])
    )
    size, palette = (HEIGHT, WIDTH), labels.palette()
    shapes = {"labels": size, "color": (*size, 3), "overlay": (*size, 3), "confidence": size}
    addresses = {name: bench.put(np.zeros(shape, np.uint8)) for name, shape in shapes.items()}
    launcher = Postprocess(
        bench.gpu,
        FITTED,
        logits.shape,
        labels,
        palette,
        precision,
        image=CameraImage.of(frame),
    )
    image = bench.put(data)
    launcher(bench.put(logits), Results(**addresses), bench.stream, image, ALPHA)
    made = {name: bench.get(addresses[name], shape, np.uint8) for name, shape in shapes.items()}
    launcher.free()
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
