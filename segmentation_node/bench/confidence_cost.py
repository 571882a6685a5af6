"""What a confidence image costs: `python -m segmentation_node.bench.confidence_cost`.

The logits of real frames are brought to camera size twice, right after each other, on one core:
class by class as the definition does it, and by factors as the node does it. Times are the
processor's own, so that what else the machine does counts little. Every pair counts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.bench.overhead import read_frames
from segmentation_node.core.dense_confidence import DenseConfidence
from segmentation_node.core.fast_confidence import FastConfidence
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import Fit, NetworkSize
from segmentation_node.engines import PRECISIONS, open_engine
from segmentation_node.errors import SegmentationError
from segmentation_node.media.images import write_bytes
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
    engine = open_engine(
        model, engine="openvino", precision=options.precision, size=options.network_size
    )
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of images; rendered where left out")
    parser.add_argument("--model", default="rendered")
    parser.add_argument("--network-size", type=NetworkSize.parse, default=NetworkSize(512, 1024))
    parser.add_argument("--camera", type=NetworkSize.parse, default=NetworkSize(720, 1280))
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--frames", type=int, default=10, help="how many different frames")
    parser.add_argument("--pairs", type=int, default=60, help="how often each is timed")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args(arguments)
    try:
        result = _run(options)
    except SegmentationError as error:
        parser.exit(2, f"{error}\n")
    print(_table(result))
    return 0 if result["largest_difference"] <= 1 else 1


def _run(options: argparse.Namespace) -> dict[str, Any]:
    model = load_model(options.model)
    logits, fit, precision = _logits(model, options)
    cv2.setNumThreads(1)
    result = measure(logits, fit, model.temperature, options.pairs)
    result |= {
        "model": model.name,
        "network_size": str(options.network_size),
        "precision": precision,
        "camera": str(options.camera),
        "classes": model.labels.num_classes,
    }
    if options.json:
        write_bytes(options.json, (json.dumps(result, indent=2) + "\n").encode())
    return result


if __name__ == "__main__":
    raise SystemExit(main())
