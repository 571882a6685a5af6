"""What a confidence image costs: `python -m benchmarks.confidence_cost`.

The logits of real frames are brought to camera size twice, right after each other, on one core:
class by class as the definition does it, and by factors as the node does it. Times are the
processor's own, so that what else the machine does counts little. Every pair counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Defaults, cpu_engine, measure_pairs
from segmentation_node.bench.camera_images import read_frames
from segmentation_node.core.dense_confidence import DenseConfidence
from segmentation_node.core.fast_confidence import FastConfidence
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit
from segmentation_node.model import Model, load_model
from segmentation_node.pipeline import CpuPipeline

_WARM_UP = 4
Logits = NDArray[np.float32]
Make = Callable[[Logits, NDArray[np.uint8], float], None]


def measure(logits: Sequence[Logits], fit: Fit, temperature: float, pairs: int) -> dict[str, Any]:
    """Time both ways, and compare what they make.

    Args:
        logits: (C, h, w) float32, one for each frame.
        fit: How the frames were fitted.
        temperature: Divides the logits.
        pairs: How many times each way is timed.

    Returns:
        Milliseconds, their ratio, and how far the images lie apart.
    """
    shape = logits[0].shape
    makers: tuple[Make, Make] = DenseConfidence(fit, shape), FastConfidence(fit, shape)
    images = np.empty((2, fit.image_height, fit.image_width), np.uint8)
    took, apart = np.zeros((2, pairs)), []
    for pair in range(-_WARM_UP, pairs):
        frame = logits[pair % len(logits)]
        times = [
            _timed(make, frame, out, temperature) for make, out in zip(makers, images, strict=True)
        ]
        if pair >= 0:
            took[:, pair] = times
            apart.append(np.abs(images[0].astype(np.int16) - images[1]))
    return {**_figures(took), **_agreement(np.stack(apart[: len(logits)])), "pairs": pairs}


def _timed(make: Make, logits: Logits, out: NDArray[np.uint8], temperature: float) -> float:
    start = time.thread_time()
    make(logits, out, temperature)
    return 1e3 * (time.thread_time() - start)


def _figures(took: NDArray[np.float64]) -> dict[str, Any]:
    def percentiles(times: NDArray[np.float64]) -> dict[str, float]:
        return {f"p{p}": round(float(np.percentile(times, p)), 3) for p in (50, 95)}

    dense, fast = took
    return {
        "dense_ms": percentiles(dense),
        "fast_ms": percentiles(fast),
        "ratio_of_pairs_p50": round(float(np.median(dense / fast)), 3),
    }


def _agreement(apart: NDArray[np.int16]) -> dict[str, Any]:
    return {
        "largest_difference": int(apart.max()),
        "pixels_differing": int(np.count_nonzero(apart)),
        "pixels": int(apart.size),
    }


def _logits(model: Model, options: argparse.Namespace) -> tuple[list[Logits], Fit, str]:
    images = read_frames(options.images, options.camera, options.frames)
    engine = cpu_engine(model, options)
    with CpuPipeline(model, engine) as pipeline:
        logits = []
        for image in images:
            found, how = pipeline.logits(Frame.from_array(image))
            logits.append(found.copy())
        return logits, how, engine.precision


def _table(result: dict[str, Any]) -> str:
    rows = [f"{'ms of one core':>16} {'p50':>8} {'p95':>8}"]
    for name in ("dense", "fast"):
        figures = result[f"{name}_ms"]
        rows.append(f"{name:>16} {figures['p50']:8.2f} {figures['p95']:8.2f}")
    rows.append(f"{result['ratio_of_pairs_p50']:.2f} times as fast, median of the pairs")
    what = ("model", "network_size", "precision", "camera", "classes")
    rows.append(", ".join(f"{name} {result[name]}" for name in what))
    rows.append(
        "{pixels_differing} of {pixels} pixels differ, by {largest_difference} of 255 at most; "
        "{pairs} pairs".format(**result)
    )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table; exit status 1 where the two are more than a level apart."""
    result = measure_pairs(__doc__, Defaults("rendered", frames=10, pairs=60), _run, arguments)
    print(_table(result))
    return 0 if result["largest_difference"] <= 1 else 1


def _run(options: argparse.Namespace) -> dict[str, Any]:
    model = load_model(options.model)
    logits, fit, precision = _logits(model, options)
    cv2.setNumThreads(1)
    return {
        **measure(logits, fit, model.temperature, options.pairs),
        "model": model.name,
        "network_size": str(options.network_size),
        "precision": precision,
        "camera": str(options.camera),
        "classes": model.labels.num_classes,
    }


if __name__ == "__main__":
    raise SystemExit(main())
