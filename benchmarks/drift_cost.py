"""What the drift monitor adds to a frame: `python -m benchmarks.drift_cost`.

Timed is all that is done with a frame, for each encoding: taking the pixels, converting them, their
figures, the running mean and the comparison. Beside the time by the clock stands the processor time
of the thread: on a machine that does other work as well, the difference is what a frame had to wait
for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.clipping import ClippedShare
from segmentation_node.core.drift import DriftMonitor, DriftSettings
from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.image_statistics import image_statistics
from segmentation_node.core.percentiles import Percentiles
from segmentation_node.core.sampling import PixelSampler

_FRAME_NS = 1_000_000_000 // 30
_FRAMES = 8
_WARM_UP = 20


def random_frames(encoding: str, size: NetworkSize, count: int = _FRAMES) -> list[Frame]:
    """Frames of random bytes, each in memory of its own.

    Args:
        encoding: Name of their encoding.
        size: Height and width in pixels.
        count: How many.
    """
    row = ENCODINGS[encoding]
    step = row.row_bytes(size.width)
    random = np.random.default_rng(0)
    return [
        Frame.from_buffer(
            random.integers(0, 256, row.rows(size.height) * step, np.uint8),
            height=size.height,
            width=size.width,
            encoding=encoding,
            step=step,
        )
        for _ in range(count)
    ]


def times_ms(encoding: str, size: NetworkSize, frames: int) -> NDArray[np.float64]:
    """How long each of many frames takes.

    Args:
        encoding: Name of their encoding.
        size: Height and width in pixels.
        frames: How many are timed.

    Returns:
        (frames, 2) float64: milliseconds by the clock, and of the thread's processor time.
    """
    shown, step = random_frames(encoding, size), _step(encoding, size)
    taken = np.empty((_WARM_UP + frames, 2))
    for index in range(len(taken)):
        begun = time.perf_counter(), time.thread_time()
        step(shown[index % len(shown)], index * _FRAME_NS)
        ended = time.perf_counter(), time.thread_time()
        taken[index] = np.subtract(ended, begun) * 1e3
    return taken[_WARM_UP:]


def _step(encoding: str, size: NetworkSize) -> Callable[[Frame, int], None]:
    """All that is done with a frame."""
    anything = Percentiles.of(range(256))
    reference = dict.fromkeys(("luminance", "contrast", "saturation"), anything)
    monitor = DriftMonitor(reference, DriftSettings())
    sampler = PixelSampler(size.height, size.width, encoding)
    clipped_share = ClippedShare([127.0] * 3, [128.0] * 3, "rgb", 0.9)

    def step(frame: Frame, stamp_ns: int) -> None:
        pixels = sampler(frame)
        monitor.add(stamp_ns, image_statistics(pixels))
        clipped_share(pixels)

    return step


def _rows(size: NetworkSize, frames: int) -> Iterator[str]:
    yield f"{size}, {frames} frames, one thread; milliseconds by the clock, and of processor time"
    names = ("p50", "p95", "cpu p50", "cpu p95")
    yield f"{'encoding':<14}" + "".join(f"{name:>9}" for name in names)
    for encoding in ENCODINGS:
        percentiles = np.percentile(times_ms(encoding, size, frames), (50, 95), axis=0)
        yield f"{encoding:<14}" + "".join(f"{ms:>9.3f}" for ms in percentiles.T.ravel())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a row for each encoding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--camera", type=NetworkSize.parse, default=NetworkSize(720, 1280))
    parser.add_argument("--frames", type=int, default=300, help="how many are timed")
    options = parser.parse_args(arguments)
    for row in _rows(options.camera, options.frames):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
