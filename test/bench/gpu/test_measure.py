from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host_engine import HostEngine
from host_gpu import HostGpu
from small_network import onnx_bytes, write_network

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import load_model
from segmentation_node.pipeline import CudaPipeline

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from segmentation_node.bench.gpu import measure, table
from segmentation_node.bench.gpu.roofline import Bandwidths, Traffic
from segmentation_node.bench.gpu.run import CAMERAS, Settings, _about, _traffic

PLAN = measure.Plan(NetworkSize(20, 30), frames=6, warm_up=4)


@pytest.fixture
def pipeline(library: ctypes.CDLL, tmp_path: Path) -> Iterator[CudaPipeline]:
    gpu = HostGpu(library)
    model = load_model(write_network(tmp_path, onnx_bytes(), default_size=[32, 32]))
    with CudaPipeline(model, HostEngine(gpu, model), gpu=gpu) as opened:
        yield opened
    assert gpu.left == []


def figures_of(pipeline: CudaPipeline) -> dict[str, Any]:
    """What the benchmark finds out, but for what PyTorch does on a GPU."""
    settings = Settings("small", None, "torch", "fp32", False, PLAN)
    whole, steps = measure.time_steps(pipeline, PLAN)
    least = _traffic(pipeline, PLAN).least_ms(Bandwidths(1000, 50, 25))
    return {
        **_about(settings, pipeline),
        "segment_ms": whole,
        "plain_enqueue_ms": whole,
        "plain_torch_ms": {name: 3 * value for name, value in whole.items()},
        "steps_ms": steps,
        "least_ms": least,
        "stream_ms": measure.time_stream(pipeline, PLAN),
        "launches": pipeline.launches,
        "cameras_ms": {str(count): measure.time_cameras([pipeline], PLAN) for count in CAMERAS},
    }


def test_every_step_and_frame_is_timed(pipeline: CudaPipeline) -> None:
    figures = figures_of(pipeline)
    assert figures["launches"] == "CUDA graph"
    assert set(figures["steps_ms"]) == {
        *("copy_in", "preprocess", "inference", "postprocess", "copy_out", "frame"),
    }
    for times in (figures["segment_ms"], *figures["steps_ms"].values()):
        assert 0 < times["p50"] <= times["p95"] <= times["p99"] <= times["max"]
    assert figures["stream_ms"] > 0


def test_several_cameras_get_all_their_frames(pipeline: CudaPipeline) -> None:
    asked: list[tuple[int, str]] = []

    class Counted:
        def __init__(self, number: int, inner: CudaPipeline) -> None:
            self.number, self.inner = number, inner

        def begin(self, *arguments: Any) -> None:
            asked.append((self.number, "begin"))
            self.inner.begin(*arguments)

        def finish(self, *arguments: Any) -> object:
            asked.append((self.number, "finish"))
            return self.inner.finish(*arguments)

    cameras: Any = [
        Counted(0, pipeline),
        Counted(1, pipeline.beside()),
        Counted(2, pipeline.beside()),
    ]
    times = measure.time_cameras(cameras, measure.Plan(PLAN.camera, 1, 0))
    assert times["p50"] > 0
    assert asked == [
        *((0, "begin"), (1, "begin"), (0, "finish"), (2, "begin"), (1, "finish"), (2, "finish")),
    ]


def test_warm_up_frames_are_not_counted() -> None:
    seen: list[int] = []
    add: Callable[[int], None] = seen.append
    measure.time_calls(add, PLAN)
    assert seen == list(range(-4, 6))


def test_the_roofline_is_bytes_over_bandwidth() -> None:
    least = Traffic(image=50_000, input=10_000, logits=1000, results=20_000).least_ms(
        Bandwidths(gpu=3000, to_gpu=50, to_host=20)
    )
    assert least == pytest.approx(
        {"copy_in": 1e-3, "preprocess": 2e-5, "postprocess": 7e-6, "copy_out": 1e-3}
    )


def test_the_tables_say_what_the_figures_are(pipeline: CudaPipeline) -> None:
    figures = figures_of(pipeline)
    steps, frames, cameras = table.tables(figures)
    assert [row[0] for row in steps.rows][:5] == [
        *("copy_in", "preprocess", "inference", "postprocess", "copy_out"),
    ]
    ratio = figures["steps_ms"]["preprocess"]["p50"] / figures["least_ms"]["preprocess"]
    assert steps.rows[1][-1] == f"{ratio:.2f}"
    assert frames.rows[0][-1] == "3.00"
    assert [row[0] for row in cameras.rows] == ["1", "2", "4"]
    for one in (steps, frames, cameras):
        assert all(len(row) == len(one.head) for row in one.rows)
    text = table.markdown(figures)
    assert "the processor, small fp32 at 32x32, camera 20x30 bgr8, host (NumPy)" in text
    assert "copied memory, CUDA graph, 6 frames" in text
    assert text.count("\n| --- |") == 3
