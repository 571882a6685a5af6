"""Keeps how long TensorRT's kernels took, so that a second build need not try them again.

The timings hold for one TensorRT on one GPU. TensorRT for RTX has the calls, but they change
nothing there and make it look for a GPU, so it is left alone.
Source: TensorRT, "Optimizing Builder Performance"; TensorRT for RTX, "Timing Cache Migration".
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from segmentation_node.engines.cache import ENVIRONMENT, Gpu
from segmentation_node.engines.tensorrt_flavour import TensorRt
from segmentation_node.errors import OutputError
from segmentation_node.files import write_whole
from segmentation_node.trust import check_own_folder, distrust

_log = logging.getLogger("segmentation_node.tensorrt")


def timing_file(folder: Path, tensorrt: TensorRt, gpu: Gpu) -> Path:
    """The file of a TensorRT's timings on a GPU."""
    place = hashlib.sha256(repr(gpu).encode()).hexdigest()[:16]
    return folder / f"{tensorrt.flavour.name}-{tensorrt.version}-{place}.timing"


def use_timings(config: Any, file: Path) -> None:
    """Give a builder's configuration the timings of earlier builds, if there are any."""
    kept = file.read_bytes() if file.is_file() and not distrust(file) else b""
    timings = config.create_timing_cache(kept)
    # Of another GPU or version, or damaged, they are refused; then the builder measures anew.
    if timings is None or not config.set_timing_cache(timings, False):
        config.set_timing_cache(config.create_timing_cache(b""), False)


def keep_timings(config: Any, file: Path) -> None:
    """Write what the builder has measured; of two builds at a time, the later one's stay."""
    timings = config.get_timing_cache()
    if timings is None:
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_own_folder(file.parent, ENVIRONMENT)
        write_whole(file, bytes(memoryview(timings.serialize())))
    except (OSError, OutputError) as error:
        _log.info("timings of the build are not kept: %s", error)
