"""Opens a configuration in a process of its own: does it run, how long to load, what memory.

Two networks in one process share an allocator, and one that is killed takes the others along. Here
the memory is that of one network alone, and whatever ends it is a sentence.

`python -m segmentation_node.bench.benchmark.trial CONFIGURATION CAMERA` prints a line of JSON.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import SegmentationError
from segmentation_node.hardware.nvml import find_nvml
from segmentation_node.hardware.sysfs import read_text
from segmentation_node.pipeline import Segmenter
from segmentation_node.pipeline.size_trial import patches

_FRAMES = 5
_STATUS = Path("/proc/self/status")


def try_out(configuration: Configuration, camera: NetworkSize) -> dict[str, Any]:
    """Run a few frames in a process of its own; a TensorRT engine is built there if need be.

    Args:
        configuration: What to open.
        camera: Size of the camera's images.

    Returns:
        `load_s` from the call to the first result, memory in MiB, and `error`: empty where it
        runs, else why not, alone.
    """
    words = (json.dumps(configuration.to_mapping()), str(camera))
    ended = subprocess.run(
        [sys.executable, "-m", __name__, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        return {"error": _end(ended)}
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def measure(asked: Mapping[str, Any], camera: NetworkSize) -> dict[str, Any]:
    """The trial itself.

    Args:
        asked: A configuration's mapping.
        camera: Size of the camera's images.
    """
    image = patches(camera.height, camera.width)
    before, device_before = _memory_mib("VmRSS"), _device_mib()
    start = time.perf_counter()
    try:
        with Segmenter.load(**asked) as segmenter:
            segmenter(image)
            load_s = time.perf_counter() - start
            for _ in range(_FRAMES):
                segmenter(image)
            on_gpu = segmenter.engine_name.startswith("tensorrt")
            return {
                "error": "",
                "load_s": load_s,
                "rss_before_mib": before,
                "rss_mib": _memory_mib("VmRSS"),
                "rss_peak_mib": _memory_mib("VmHWM"),
                "device_mib": _grown(device_before, _device_mib()) if on_gpu else None,
            }
    except SegmentationError as error:
        return {"error": str(error)}


def _end(ended: subprocess.CompletedProcess[str]) -> str:
    """How a process ended that gave no answer."""
    if ended.returncode < 0:
        name = signal.Signals(-ended.returncode).name
        killed = ", as the system does where memory is short" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{killed}"
    said = ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"]
    return f"its process failed: {said[-1]}"


def _memory_mib(key: str) -> float | None:
    """A figure of this process's memory in MiB. Source: proc_pid_status(5), in kB of 1024 bytes."""
    for line in (read_text(_STATUS) or "").splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return float(value.split()[0]) / 1024
    return None


def _device_mib() -> float | None:
    """What everybody has of the GPU's memory: NVML knows no process inside a container."""
    gpu = find_nvml()
    if gpu is None:
        return None
    used = gpu.read().values.get("gpu_memory_used_mib")
    gpu.close()
    return None if used is None else float(used)


def _grown(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]), NetworkSize.parse(sys.argv[2]))))
