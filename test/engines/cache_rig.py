"""What the tests of the engine cache share: keys, and a maker that needs no TensorRT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from segmentation_node.engines.cache import Built, EngineKey, Gpu
from segmentation_node.errors import EngineError

ORIN = Gpu("Orin", "8.7", 62841, "540.4.0", "12.6")
MODEL = ("small", "small.onnx")


def key(**changes: Any) -> EngineKey:
    whole = EngineKey(
        model_sha256="ab" * 32,
        precision="fp16",
        shape=(1, 3, 64, 96),
        flavour="tensorrt",
        version="10.3.0",
        target="",
        gpu=ORIN,
        workspace_mib=None,
        level=3,
        tf32=False,
    )
    return replace(whole, **changes)


class FakeMaker:
    """Builds the texts it is given, one after the other, and loads all but those named."""

    def __init__(self, *plans: bytes, refuses: tuple[bytes, ...] = ()) -> None:
        self._plans = list(plans) or [b"a plan"]
        self._refuses = refuses
        self.builds = 0

    def build(self) -> Built:
        plan = self._plans[min(self.builds, len(self._plans) - 1)]
        self.builds += 1
        return Built(plan, {"fp16": 7}, 1200)

    def load(self, plan: bytes) -> str:
        if plan in self._refuses:
            raise EngineError("a plan that cannot be loaded", "one that can", "build it again")
        return plan.decode()
