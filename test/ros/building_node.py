"""The node's own program, whose networks are first built by a stand-in for TensorRT that is slow.

The engine that is built runs nothing; frames are then answered by the processor. First argument:
the folder of the cache, where the file `release` lets a build go on to its end. Second argument:
`whole`, or `refused` for an engine that cannot be loaded once it is built.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

from fake_tensorrt import ORIN, PLAN, fake_tensorrt, tensor

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import tensorrt_engines
from segmentation_node.engines.tensorrt import TensorRtEngine
from segmentation_node.engines.tensorrt_machine import Machine
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.hardware import HealthReading, health
from segmentation_node.model import load_model
from segmentation_node.pipeline.segmenter import Segmenter
from segmentation_node.ros.node import main

STEPS = 10_000
"""Steps of a build, of a hundredth of a second: far more than a test waits for."""

CACHE, KIND = Path(sys.argv[1]), sys.argv[2]
HERE = Machine(ORIN, versions={"tensorrt": "10.3.0"})
load = Segmenter.load


class Sensors:
    """A GPU that is warm, and held back."""

    def read(self) -> HealthReading:
        return HealthReading({"gpu_temperature_c": 61.0}, ("the GPU is throttled: power brake",))

    def close(self) -> None:
        """Nothing is held."""


def build_slowly(monitor: Any, api: Any) -> None:
    monitor.phase_start("timing kernels", None, STEPS)
    for step in range(STEPS):
        threading.Event().wait(0.01)
        if not monitor.step_complete("timing kernels", step):
            api.plan = None
            break
        if (CACHE / "release").exists():
            break
    monitor.phase_finish("timing kernels")


def stand_in(model_name: str, size: NetworkSize) -> None:
    """Put the stand-in in TensorRT's place, for the network that is asked for."""
    tensorrt, api = fake_tensorrt()
    model = load_model(model_name)
    rows, columns = size.height // model.stride, size.width // model.stride
    api.classes, api.stride = model.labels.num_classes, model.stride
    api.tensors = [
        tensor("image", (1, 3, size.height, size.width)),
        tensor("logits", (1, api.classes, rows, columns)),
    ]
    api.during = lambda monitor: build_slowly(monitor, api)
    api.refused_plans = {PLAN} if KIND == "refused" else set()
    tensorrt_engines.load_tensorrt = lambda _: tensorrt


def load_after_building(model: str, **options: Any) -> Segmenter:
    size = NetworkSize.parse(str(options["network_size"]))
    stand_in(model, size)
    request, watch = BuildRequest(size=size), options["watch"]
    TensorRtEngine(load_model(model), request, cache=CACHE, watch=watch, machine=HERE).close()
    return load(model, **{**options, "engine": "openvino"})


if __name__ == "__main__":
    Segmenter.load = load_after_building  # type: ignore[method-assign,assignment]
    health.HealthWatch.__init__.__defaults__ = (1.0, lambda: [Sensors()])
    sys.exit(main())
