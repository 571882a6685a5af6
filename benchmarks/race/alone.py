"""Program: `Segmenter` alone on the race's frames, at the camera's rate, without ROS.

    python -m benchmarks.race.alone --images FILE.npy --rate 30

It says `ready` when the network is warm, computes until Ctrl-C, and says `figures`: of each frame
the moment it began (ns since the epoch) and how long labels and colours took (ms).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np

from segmentation_node.core.frame import Frame
from segmentation_node.pipeline import Segmenter


def compute(
    segmenter: Segmenter, frames: Sequence[Frame], rate_hz: float, samples: list[tuple[int, float]]
) -> None:
    """Segment frames in turns by a schedule that a late one does not shift, until Ctrl-C.

    Args:
        segmenter: What segments them.
        frames: The frames.
        rate_hz: Frames per second.
        samples: Gets of each the moment it began, ns, and how long it took, ms.
    """
    begun = time.monotonic()
    for number in count():
        time.sleep(max(begun + number / rate_hz - time.monotonic(), 0.0))
        moment, start = time.time_ns(), time.perf_counter()
        segmenter(frames[number % len(frames)])
        samples.append((moment, round((time.perf_counter() - start) * 1e3, 3)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser("alone", description="Segmenter alone on the race's frames.")
    parser.add_argument("--images", type=Path, required=True, help=".npy of (N, H, W, 3) uint8 BGR")
    parser.add_argument("--rate", type=float, required=True, help="frames per second")
    parser.add_argument("--model", default="camvid")
    parser.add_argument("--network-size", default="default")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--precision", default="auto")
    given = parser.parse_args(arguments)
    images = np.load(given.images, allow_pickle=False)
    wanted = {name: getattr(given, name) for name in ("network_size", "engine", "precision")}
    samples: list[tuple[int, float]] = []
    with Segmenter.load(given.model, **wanted) as segmenter:
        segmenter.warm_up(*images.shape[1:3])
        _say("ready", network_size=str(segmenter.network_size), precision=segmenter.precision)
        with contextlib.suppress(KeyboardInterrupt):
            compute(segmenter, [Frame.from_array(one) for one in images], given.rate, samples)
    _say("figures", samples=samples)


def _say(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


if __name__ == "__main__":
    main()
