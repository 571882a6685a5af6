"""The NVIDIA GPU and what would run on it; a machine without one needs none of this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segmentation_node.doctor import trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.doctor.python import TRIALS, version_of

TOPIC = "gpu"
NOT_NEEDED = "nothing to do without an NVIDIA GPU: the networks run on the processor"
LIBRARIES: Mapping[str, str] = {
    "tensorrt": "TensorRT",
    "tensorrt_rtx": "TensorRT for RTX",
    "pycuda": "PyCUDA",
}


def examine() -> Iterator[Finding]:
    """Look for a GPU, its driver and the libraries."""
    yield _driver()
    for name, title in LIBRARIES.items():
        version = version_of(name)
        if version is None:
            yield Finding(TOPIC, title, "missing", "not installed", NOT_NEEDED)
        else:
            yield Finding(TOPIC, title, "ok", version)


def _driver() -> Finding:
    if version_of("pynvml") is None:
        return Finding(TOPIC, "NVML", "missing", "not installed", NOT_NEEDED)
    done = trial.run(TRIALS, "gpus")
    if done.problem:
        return Finding(TOPIC, "NVML", "missing", done.problem, NOT_NEEDED)
    gpus = ", ".join(done.values["gpus"]) or "no GPU"
    return Finding(TOPIC, "NVML", "ok", f"{gpus}, driver {done.values['driver']}")
