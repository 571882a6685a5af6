"""Finds TensorRT and TensorRT for RTX, which share one Python interface.

TensorRT builds on the GPU that will run the engine; JetPack brings it, and NVIDIA's own package
index has it for other machines. TensorRT for RTX builds on any x86-64 machine, with or without a
GPU, and finishes the engine on the GPU that loads it.
Source: TensorRT 10.3, 10.13 and 11.4, TensorRT for RTX 1.7, their Python APIs and "Migrating
Python Code from TensorRT 10.x to 11.x".
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install


@dataclass(frozen=True)
class Flavour:
    """One of the two libraries.

    Args:
        name: As it is asked for.
        title: As its maker calls it.
        module: As it is imported.
        oldest: First major version whose interface is used here.
        packages: What pip installs for it.
        or_else: How else to get it.
    """

    name: str
    title: str
    module: str
    oldest: int
    packages: tuple[str, ...]
    or_else: str = ""

    @property
    def install(self) -> str:
        """How to get it."""
        return pip_install(*self.packages) + self.or_else


FLAVOURS: Mapping[str, Flavour] = {
    one.name: one
    for one in (
        Flavour(
            name="tensorrt",
            title="TensorRT",
            module="tensorrt",
            oldest=10,
            packages=("tensorrt", "pycuda", "cuda-bindings"),
            or_else="; on a Jetson, a virtual environment made with --system-site-packages sees "
            "JetPack's",
        ),
        Flavour(
            name="rtx",
            title="TensorRT for RTX",
            module="tensorrt_rtx",
            oldest=1,
            packages=("tensorrt-rtx-cu12", "cuda-bindings"),
        ),
    )
}
"""The flavours by name; `auto` takes the first that is installed."""


@dataclass(frozen=True)
class TensorRt:
    """A flavour that is loaded.

    Args:
        flavour: Which one.
        api: Its Python module.
        version: Such as `10.3.0`.
    """

    flavour: Flavour
    api: Any
    version: str

    def __str__(self) -> str:
        return f"{self.flavour.title} {self.version}"

    @property
    def is_rtx(self) -> bool:
        """Whether it is TensorRT for RTX."""
        return self.flavour.name == "rtx"

    @property
    def targets(self) -> tuple[str, ...]:
        """The GPU generations that it can build for from afar, such as `SM86`; RTX alone can."""
        known = getattr(getattr(self.api, "ComputeCapability", None), "__members__", {})
        named = [name for name in known if re.fullmatch(r"SM\d+", name)]
        return tuple(sorted(named, key=lambda name: int(name[2:])))

    @property
    def strongly_typed(self) -> int:
        """The flag of a network whose precision is that of its ONNX.

        Its number differs: 1 in TensorRT 10, 0 in TensorRT 11 and TensorRT for RTX.
        """
        return 1 << int(self.api.NetworkDefinitionCreationFlag.STRONGLY_TYPED)


def load_tensorrt(name: str = "auto") -> TensorRt:
    """Load a flavour of TensorRT.

    Args:
        name: `auto`, `tensorrt` or `rtx`.

    Raises:
        EngineError: There is no such flavour, it is not installed, or it is too old.
    """
    if name == "auto":
        return _first()
    if name not in FLAVOURS:
        raise EngineError(
            received=f"the flavour {name!r}",
            expected="auto, " + ", ".join(FLAVOURS),
            fix="ask for one of these",
        )
    return _load(name)


def found_flavours() -> dict[str, str]:
    """Version of each flavour that works here, by name."""
    return {name: found.version for name in FLAVOURS if (found := _working(name))}


def _first() -> TensorRt:
    found = next(filter(None, map(_working, FLAVOURS)), None)
    if found is None:
        raise EngineError(
            received="no TensorRT",
            expected=" or ".join(one.title for one in FLAVOURS.values()),
            fix=" or ".join(one.install for one in FLAVOURS.values()),
        )
    return found


def _working(name: str) -> TensorRt | None:
    try:
        return _load(name)
    except EngineError:
        return None


@cache
def _load(name: str) -> TensorRt:
    flavour = FLAVOURS[name]
    try:
        api = importlib.import_module(flavour.module)
    except (ImportError, OSError, RuntimeError) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == flavour.module
        why = "" if missing else f" that loads ({' '.join(str(error).split())})"
        raise EngineError(f"no {flavour.title}{why}", flavour.title, flavour.install) from error
    version = str(getattr(api, "__version__", "0"))
    if int(version.partition(".")[0]) < flavour.oldest:
        raise EngineError(
            received=f"{flavour.title} {version}",
            expected=f"{flavour.oldest}.0 or newer, which has strongly typed networks",
            fix=f"upgrade it, or the JetPack that brings it; {flavour.install}",
        )
    return TensorRt(flavour, api, version)
