"""What the doctor tries out in a process of its own: `python -m segmentation_node.doctor.trials`.

Prints what it found out as one line of JSON; an error ends it with that error on its last line.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

HEIGHT, WIDTH = 720, 1280


def packages(*names: str) -> dict[str, Any]:
    """Import packages, all into one process, and give their versions."""
    return {name: getattr(importlib.import_module(name), "__version__", "") for name in names}


def images() -> dict[str, Any]:
    """Let NumPy and OpenCV work together: they may be built against different majors."""
    numpy, cv2 = (importlib.import_module(name) for name in ("numpy", "cv2"))
    small = cv2.resize(numpy.zeros((4, 4, 3), numpy.uint8), (2, 2))
    return {"numpy": numpy.__version__, "cv2": cv2.__version__, "shape": list(small.shape)}


def engine() -> dict[str, Any]:
    """Segment a black image with everything at its default, and time it."""
    # Imported here: only this trial needs it, and it must not keep the others from starting.
    from segmentation_node.pipeline.segmenter import Segmenter  # noqa: PLC0415

    numpy = importlib.import_module("numpy")
    image = numpy.zeros((HEIGHT, WIDTH, 3), numpy.uint8)
    with Segmenter.load() as segmenter:
        segmenter(image)
        start = time.perf_counter()
        segmenter(image)
        return {
            "latency_ms": round(1e3 * (time.perf_counter() - start), 1),
            "precision": segmenter.precision,
            "device": segmenter.device,
            "network_size": str(segmenter.network_size),
            "model": segmenter.model.name,
        }


def gpus() -> dict[str, Any]:
    """Ask NVML for the GPUs and the driver."""
    pynvml = importlib.import_module("pynvml")
    pynvml.nvmlInit()
    count = pynvml.nvmlDeviceGetCount()
    handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    return {
        "driver": _text(pynvml.nvmlSystemGetDriverVersion()),
        "gpus": [_text(pynvml.nvmlDeviceGetName(handle)) for handle in handles],
    }


def encoder() -> dict[str, Any]:
    """Look the video encoder up, and give its name and the version of PyAV that brings it."""
    av = importlib.import_module("av")
    return {"version": f"{av.codec.Codec('libx264', 'w').name} of PyAV {av.__version__}"}


def _text(name: str | bytes) -> str:
    # Older releases of the bindings give bytes.
    return name.decode() if isinstance(name, bytes) else name


TRIALS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "packages": packages,
    "images": images,
    "engine": engine,
    "gpus": gpus,
    "encoder": encoder,
}

if __name__ == "__main__":
    print(json.dumps(TRIALS[sys.argv[1]](*sys.argv[2:])))
