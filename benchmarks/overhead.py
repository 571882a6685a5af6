"""What the pipeline adds to the bare inference: `python -m benchmarks.overhead`.

Each frame is timed twice, right after each other: bare inference of an image that lies in the
network's input already, and `segment` from the camera image to labels and colours. Machines slow
down and speed up from one second to the next, and so both do together. Every pair counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Defaults, cpu_engine, measure_pairs
from segmentation_node.bench.camera_images import read_frames
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import fit
from segmentation_node.core.postprocess import colorize, labels_of
from segmentation_node.engines import CpuEngine
from segmentation_node.model import Model, load_model
from segmentation_node.pipeline import STAGES, Buffers, CpuPipeline, Outputs

TARGET = 1.35
"""Largest ratio of `segment` to bare inference, at the median and at the 95th percentile."""

_WARM_UP = 20
_COLOR = Outputs()


def measure(
    model: Model, engine: CpuEngine, images: Sequence[NDArray[np.uint8]], pairs: int
) -> dict[str, Any]:
    """Time `segment` against bare inference, and compare its labels with the definition.

    Args:
        model: The network.
        engine: The network on its runtime; closed at the end.
        images: (H, W, 3) uint8 BGR camera images of one size.
        pairs: How many times each of the two is timed.

    Returns:
        Ratios, milliseconds, the number of labels that differ, and what it all depends on.
    """
    frames = [Frame.from_array(image) for image in images]
    with CpuPipeline(model, engine) as pipeline:
        timed = _time(pipeline, engine, frames, pairs)
        differing, mixed = _compare(model, pipeline, engine, frames)
        bare, whole = timed["bare"], timed["segment"]
        percentiles = (50, 95)
        ratios = {f"p{p}": _at(whole, p) / _at(bare, p) for p in percentiles}
        return {
            "ratio": {name: round(ratio, 4) for name, ratio in ratios.items()},
            "ratio_of_pairs_p50": round(float(np.median(whole / bare)), 4),
            "within_target": all(ratio <= TARGET for ratio in ratios.values()),
            "labels_differing": differing,
            **{
                f"{name}_ms": {f"p{p}": round(_at(times, p), 3) for p in percentiles}
                for name, times in timed.items()
            },
            "mixed_cells": round(mixed, 4),
            "pairs": pairs,
            "frames": len(frames),
            "camera": f"{frames[0].height}x{frames[0].width} {frames[0].encoding}",
            "model": model.name,
            "network_size": str(pipeline.network_size),
            "fit": model.input.fit.value,
            "precision": engine.precision,
            "engine": engine.runtime,
            "device": engine.device,
        }


def _time(
    pipeline: CpuPipeline, engine: CpuEngine, frames: Sequence[Frame], pairs: int
) -> dict[str, NDArray[np.float64]]:
    buffers = Buffers.allocate(frames[0].height, frames[0].width, _COLOR)
    names = ("bare", "segment", *STAGES)
    timed = {name: np.zeros(pairs) for name in names}
    for pair in range(-_WARM_UP, pairs):
        start = time.perf_counter()
        result = pipeline.segment(frames[pair % len(frames)], _COLOR, buffers)
        middle = time.perf_counter()
        # The input still holds the same image.
        engine.infer()
        end = time.perf_counter()
        if pair >= 0:
            took = (end - middle, middle - start)
            stages = (result.stages_ms[stage] for stage in STAGES)
            for name, value in zip(names, (*(1e3 * t for t in took), *stages), strict=True):
                timed[name][pair] = value
    return timed


def _compare(
    model: Model, pipeline: CpuPipeline, engine: CpuEngine, frames: Sequence[Frame]
) -> tuple[int, float]:
    """Count pixels whose label or colour is not the definition's; give the mean mixed share."""
    differing, shares = 0, []
    size = pipeline.network_size
    for frame in frames:
        result = pipeline.segment(frame, _COLOR)
        shares.append(pipeline.mixed_share)
        logits = engine.infer()[0]
        how = fit(model.input.fit, frame.height, frame.width, size)
        wrong = result.labels != labels_of(logits, how, model.labels)
        if result.color is not None:
            wrong |= (result.color != colorize(result.labels, model.labels.palette())).any(axis=2)
        differing += int(np.count_nonzero(wrong))
    return differing, float(np.mean(shares))


def _at(times: NDArray[np.float64], percentile: int) -> float:
    return float(np.percentile(times, percentile))


def _table(result: dict[str, Any]) -> str:
    rows = [f"{'ms':>14} {'p50':>8} {'p95':>8}"]
    for name in ("bare", "segment", *STAGES):
        figures = result[f"{name}_ms"]
        rows.append(f"{name:>14} {figures['p50']:8.2f} {figures['p95']:8.2f}")
    ratio = result["ratio"]
    rows.append(f"{'ratio':>14} {ratio['p50']:8.3f} {ratio['p95']:8.3f}   at most {TARGET}")
    what = ("model", "network_size", "fit", "precision", "camera", "engine", "device")
    rows.append(", ".join(str(result[name]) for name in what))
    rows.append(
        f"{result['labels_differing']} pixels differ from the definition on {result['frames']} "
        f"frames; {100 * result['mixed_cells']:.1f} % of the cells interpolated; "
        f"{result['pairs']} pairs"
    )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and say by the exit status whether the target was met."""
    result = measure_pairs(__doc__, Defaults("camvid", frames=20, pairs=240), _run, arguments)
    print(_table(result))
    return 0 if result["within_target"] and not result["labels_differing"] else 1


def _run(options: argparse.Namespace) -> dict[str, Any]:
    images = read_frames(options.images, options.camera, options.frames)
    model = load_model(options.model)
    return measure(model, cpu_engine(model, options), images, options.pairs)


if __name__ == "__main__":
    raise SystemExit(main())
