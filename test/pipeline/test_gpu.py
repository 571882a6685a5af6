"""The pipeline on a GPU, end to end: PyTorch is its engine, and TensorRT where that is."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest
from on_gpu import open_gpu
from small_network import expected_logits

from segmentation_node.core.encodings import ENCODINGS, to_bgr
from segmentation_node.core.frame import Frame
from segmentation_node.core.postprocess import colorize, confidence, labels_of, overlay, upsample
from segmentation_node.core.preprocess import preprocess
from segmentation_node.cuda.pycuda_gpu import PyCudaGpu
from segmentation_node.model import Model
from segmentation_node.pipeline import CudaPipeline, Outputs, Segmentation
from segmentation_node.pipeline.gpu_family import Together
from segmentation_node.pipeline.opening import open_pipeline

pytestmark = pytest.mark.gpu

MakeNetwork = Callable[..., Model]
ALL = Outputs(color=True, overlay=True, confidence=True, alpha=0.3)
SIZE = (180, 322)
SIZES = (SIZE, (90, 160), (120, 200))
"""Of three cameras."""
TOLERANCE = {"fp32": 1e-3, "fp16": 0.2}
"""By how much logits of sums over 192 values may differ from NumPy's."""


def picture(seed: int = 0, height: int = SIZE[0], width: int = SIZE[1]) -> Frame:
    small = np.random.default_rng(seed).integers(0, 256, (8, 12, 3)).astype(np.uint8)
    return Frame.from_array(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.fixture
def gpu() -> Iterator[PyCudaGpu]:
    opened = open_gpu()
    yield opened
    opened.close()


@pytest.fixture
def make_pipeline(gpu: PyCudaGpu, make_network: MakeNetwork) -> Iterator[Callable[..., Any]]:
    """Make pipelines with PyTorch as their engine; closed at the end."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    if not torch.cuda.is_available():
        pytest.skip("no GPU for torch")
    engines = importlib.import_module("benchmarks.gpu.torch_engine")
    made: list[CudaPipeline] = []

    def make(precision: str = "fp32", batch: int = 1, **options: Any) -> CudaPipeline:
        model = make_network(default_size=[96, 160], fit="letterbox")
        with gpu.current():
            engine = engines.TorchEngine(model, precision=precision, batch=batch)
        made.append(CudaPipeline(model, engine, gpu=gpu, **options))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.close()


def check(pipeline: CudaPipeline, frame: Frame, result: Segmentation, precision: str) -> None:
    """Compare a frame with the definition: up to the logits, and from there on."""
    model = pipeline.engine.model
    logits, how = pipeline.logits(frame)
    values = preprocess(frame, how, model.input)
    wanted = expected_logits(values, model.labels.num_classes, model.stride)[0]
    assert np.abs(logits - wanted).max() < TOLERANCE[precision]
    ordered = np.sort(upsample(logits, how), axis=0)
    differs = result.labels != labels_of(logits, how, model.labels)
    assert differs.sum() * 10_000 < differs.size
    assert (ordered[-1] - ordered[-2])[differs].max(initial=0) < 1e-3
    color = colorize(result.labels, model.labels.palette())
    assert (result.color == color).all()
    assert (result.overlay == overlay(to_bgr(frame), color, ALL.alpha)).all()
    assert result.confidence is not None
    assert np.abs(result.confidence.astype(int) - confidence(logits, how)).max() <= 1


@pytest.mark.parametrize(
    "options", [{}, {"graphs": False}, {"mapped": True}], ids=["graph", "plain", "mapped"]
)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_frames_are_what_the_definition_says(
    make_pipeline: Callable[..., Any], precision: str, options: dict[str, Any]
) -> None:
    pipeline = make_pipeline(precision, **options)
    for seed in range(6):
        frame = picture(seed)
        check(pipeline, frame, pipeline.segment(frame, ALL), precision)
    wanted = "plain enqueue" if "graphs" in options else "CUDA graph"
    assert pipeline.launches == wanted
    steps = pipeline.gpu_stages_ms
    assert min(steps.values()) >= 0
    assert steps["frame"] > 0


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_every_encoding_goes_through_the_graph(
    make_pipeline: Callable[..., Any], encoding: str
) -> None:
    row, (height, width) = ENCODINGS[encoding], SIZE
    step = row.row_bytes(width) + (8 if row.planes else 7)
    pipeline, random = make_pipeline(), np.random.default_rng(0)
    for _ in range(5):
        data = random.integers(0, 256, row.rows(height) * step).astype(np.uint8)
        frame = Frame.from_buffer(data, height=height, width=width, encoding=encoding, step=step)
        check(pipeline, frame, pipeline.segment(frame, ALL), "fp32")


@pytest.mark.parametrize("graphs", [True, False])
def test_two_frames_under_way_are_the_same_as_one_after_the_other(
    make_pipeline: Callable[..., Any], graphs: bool
) -> None:
    pipeline = make_pipeline(graphs=graphs)
    frames = [picture(n) if n % 3 else picture(n, 90, 160) for n in range(12)]
    wanted = [pipeline.segment(frame, ALL).copy() for frame in frames]
    for _ in range(20):
        pipeline.begin(frames[0], ALL)
        for number in range(1, len(frames)):
            pipeline.begin(frames[number], ALL)
            _same(pipeline.finish(), wanted[number - 1])
        _same(pipeline.finish(), wanted[-1])


def _same(result: Segmentation, wanted: Segmentation) -> None:
    for name in ("labels", "color", "overlay", "confidence"):
        assert (getattr(result, name) == getattr(wanted, name)).all(), name


@pytest.mark.parametrize("graphs", [True, False])
def test_cameras_get_from_one_execution_what_each_gets_alone(
    make_pipeline: Callable[..., Any], graphs: bool
) -> None:
    pipeline = make_pipeline(batch=3, graphs=graphs)
    cameras = [pipeline, pipeline.beside(), pipeline.beside()]
    for number in range(12):
        _check_together(cameras if number % 3 else cameras[::2], number)
    assert pipeline.launches == ("CUDA graph" if graphs else "plain enqueue")


def test_cameras_of_two_executions_under_way_get_their_own_results(
    make_pipeline: Callable[..., Any],
) -> None:
    pipeline = make_pipeline(batch=3)
    cameras = [pipeline, pipeline.beside(), pipeline.beside()]
    frames = [[picture(3 * n + c, *SIZES[c]) for c in range(3)] for n in range(6)]
    wanted = [
        [one.segment(f, ALL).copy() for one, f in zip(cameras, row, strict=True)] for row in frames
    ]
    for _ in range(20):
        _begin(cameras, frames[0])
        for number in range(1, len(frames)):
            _begin(cameras, frames[number])
            _are_near([one.finish() for one in cameras], wanted[number - 1])
        _are_near([one.finish() for one in cameras], wanted[-1])


def _begin(cameras: Sequence[CudaPipeline], frames: Sequence[Frame]) -> None:
    batch = [Together(one, frame, ALL) for one, frame in zip(cameras, frames, strict=True)]
    assert cameras[0].begin_together(batch) == [None] * len(batch)


def _check_together(cameras: Sequence[CudaPipeline], number: int) -> None:
    """One execution: each result is what its camera's logits alone say, but for near ties."""
    frames = [picture(number, *size) for size, _ in zip(SIZES, cameras, strict=False)]
    _begin(cameras, frames)
    for one, frame, result in zip(cameras, frames, [c.finish() for c in cameras], strict=True):
        check(one, frame, result, "fp32")


def _are_near(results: Sequence[Segmentation], wanted: Sequence[Segmentation]) -> None:
    for result, alone in zip(results, wanted, strict=True):
        # A library may add up several images in another order than one.
        differs = result.labels != alone.labels
        assert differs.sum() * 10_000 < differs.size


def test_the_colours_weight_and_the_outputs_may_change(make_pipeline: Callable[..., Any]) -> None:
    pipeline, frame = make_pipeline(), picture()
    for alpha in (0.0, 1.0, 0.5):
        for _ in range(5):
            result = pipeline.segment(frame, Outputs(color=True, overlay=True, alpha=alpha))
            color = np.asarray(result.color)
            assert (result.overlay == overlay(to_bgr(frame), color, alpha)).all()
    for _ in range(5):
        assert pipeline.segment(frame, Outputs(color=False)).color is None


def test_threads_may_take_turns(make_pipeline: Callable[..., Any]) -> None:
    pipeline = make_pipeline()
    wanted = pipeline.segment(picture(), ALL)
    with ThreadPoolExecutor(1) as pool:
        _same(pool.submit(pipeline.segment, picture(), ALL).result(), wanted)
    _same(pipeline.segment(picture(), ALL), wanted)


def test_ten_thousand_frames_take_no_more_memory(
    gpu: PyCudaGpu, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("fp16")
    frames = [picture(0), picture(1, 90, 160)]
    _check_memory(gpu, 10_000, lambda number: pipeline.segment(frames[number % 2], ALL))
    pipeline.close()


def test_ten_thousand_frames_of_cameras_together_take_no_more_memory(
    gpu: PyCudaGpu, make_pipeline: Callable[..., Any]
) -> None:
    pipeline = make_pipeline("fp16", batch=3)
    cameras = [pipeline, pipeline.beside(), pipeline.beside()]
    frames = [[picture(n, *SIZES[n]) for n in order] for order in ((0, 1, 2), (1, 2, 0))]

    def answer(number: int) -> None:
        # Each combination of cameras and sizes comes in each of the two runs.
        which = cameras if number // 2 % 2 else cameras[:2]
        _begin(which, frames[number // 4 % 2][: len(which)])
        for camera in which:
            camera.finish()

    _check_memory(gpu, 4_000, answer)
    pipeline.close()


def _check_memory(gpu: PyCudaGpu, rounds: int, answer: Callable[[int], object]) -> None:
    for number in range(40):
        answer(number)
    with gpu.current():
        before = gpu.memory_used()
    for number in range(rounds):
        answer(number)
    with gpu.current():
        grown, others = gpu.memory_used() - before, _bytes_of_others()
    print(f"{grown} bytes more after {rounds} rounds")
    assert grown <= others


def _bytes_of_others() -> int:
    """By how much other programs may change what is in use of the GPU's memory meanwhile.

    A GPU that has none of its own counts all of main memory ("CUDA for Tegra"): there a leak shows
    from 27 kB a frame on.
    """
    driver = importlib.import_module("pycuda.driver")
    device = driver.Context.get_device()
    return 1 << 28 if device.get_attribute(driver.device_attribute.INTEGRATED) else 0


def test_tensorrt_end_to_end(gpu: PyCudaGpu, make_network: MakeNetwork) -> None:
    if importlib.util.find_spec("tensorrt") is None:
        pytest.skip("TensorRT is not installed")
    model = make_network(default_size=[96, 160], fit="letterbox")
    with open_pipeline(model, engine="tensorrt", precision="fp32") as pipeline:
        assert isinstance(pipeline, CudaPipeline)
        for seed in range(6):
            frame = picture(seed)
            check(pipeline, frame, pipeline.segment(frame, ALL), "fp32")
        assert pipeline.launches == "CUDA graph"


def test_tensorrt_takes_cameras_together(gpu: PyCudaGpu, make_network: MakeNetwork) -> None:
    if importlib.util.find_spec("tensorrt") is None:
        pytest.skip("TensorRT is not installed")
    model = make_network(default_size=[96, 160], fit="letterbox")
    with open_pipeline(model, engine="tensorrt", precision="fp32", batch=3) as pipeline:
        assert isinstance(pipeline, CudaPipeline)
        assert pipeline.batch == 3
        cameras = [pipeline, pipeline.beside(), pipeline.beside()]
        for number in range(12):
            _check_together(cameras if number % 3 else cameras[::2], number)
        assert pipeline.launches == "CUDA graph"
