from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.pipeline import CudaPipeline

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from benchmarks.gpu import measure, table
from benchmarks.gpu.cameras import IN_TURNS, TOGETHER
from benchmarks.gpu.roofline import Bandwidths, Traffic
from benchmarks.gpu.run import Settings, _about, _traffic

PLAN = measure.Plan(NetworkSize(20, 30), frames=6, warm_up=4)
TIMES = {"p50": 20.0, "p95": 20.0, "p99": 20.0, "max": 20.0}


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
        "cameras_ms": {
            "1": {IN_TURNS: {**TIMES, "p50": 4.0}, TOGETHER: {**TIMES, "p50": 5.0}},
            "2": {IN_TURNS: {**TIMES, "p50": 8.0}, TOGETHER: {**TIMES, "p50": 5.0}},
            "4": {IN_TURNS: {**TIMES, "p50": 16.0}},
        },
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


def test_warm_up_frames_are_not_counted() -> None:
    seen: list[int] = []
    add: Callable[[int], None] = seen.append
    measure.time_calls(add, PLAN)
    assert seen == list(range(-4, 6))


def test_calls_that_take_turns_get_as_many_frames_in_both_orders() -> None:
    seen: list[tuple[str, int]] = []
    calls = {name: partial(lambda one, number: seen.append((one, number)), name) for name in "ab"}
    times = measure.time_in_turns(calls, measure.Plan(PLAN.camera, 2, 1))
    assert seen == [("a", -1), ("b", -1), ("b", 0), ("a", 0), ("a", 1), ("b", 1)]
    assert set(times) == {"a", "b"}
    assert all(one["p50"] <= one["max"] for one in times.values())


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
    # The last network does not take four images at a time.
    assert [(row[0], *row[-3:]) for row in cameras.rows] == [
        ("1", "250", "200", "0.80"),
        ("2", "250", "400", "1.60"),
        ("4", "250", "", ""),
    ]
    for one in (steps, frames, cameras):
        assert all(len(row) == len(one.head) for row in one.rows)
    text = table.markdown(figures)
    assert "the processor, small fp32 at 32x32, camera 20x30 bgr8, host (NumPy)" in text
    assert "copied memory, CUDA graph, 6 frames" in text
    assert text.count("\n| --- |") == 3
