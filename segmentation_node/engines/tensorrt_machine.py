"""The GPU, its driver and the TensorRT of this machine, and which plans they can run."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentation_node.engines.cache import PORTABLE, EngineKey, Gpu
from segmentation_node.engines.tensorrt_flavour import FLAVOURS, found_flavours
from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install

DRIVER_VERSION = Path("/sys/module/nvidia/version")

_PORTABLE_TO = {"8.0", "8.6", "8.9"}
_PORTABLE_FROM = 12
"""A plan without a target runs on these, and on every GPU of 12.0 or newer.

Source: TensorRT for RTX, "CPU-Only AOT and TensorRT-RTX Engines".
"""


@dataclass(frozen=True)
class Machine:
    """What there is to run plans.

    Args:
        gpu: The first GPU that CUDA shows; None where there is none.
        no_gpu: Why there is none; empty where there is one.
        versions: Version of each flavour of TensorRT that works here, by its name.
    """

    gpu: Gpu | None
    no_gpu: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    def why_not(self, key: EngineKey) -> str:
        """Why a plan does not run here, in a few words; empty where it does."""
        title = FLAVOURS[key.flavour].title if key.flavour in FLAVOURS else key.flavour
        here = self.versions.get(key.flavour)
        if here is None:
            return f"no {title} here"
        if here != key.version:
            return f"{title} here is {here}"
        if self.gpu is None:
            return self.no_gpu
        return self._why_not_gpu(key, self.gpu)

    def _why_not_gpu(self, key: EngineKey, here: Gpu) -> str:
        if key.target:
            fits = _fits(key.target, here.compute_capability)
            return "" if fits else f"the GPU here has compute capability {here.compute_capability}"
        if key.gpu == here or key.gpu is None:
            return ""
        if key.gpu.name != here.name:
            return f"the GPU here is {here.name}"
        return "driver, CUDA or memory of the GPU have changed"


def this_machine() -> Machine:
    """Look for a GPU and for TensorRT."""
    versions = found_flavours()
    try:
        return Machine(find_gpu(), versions=versions)
    except EngineError as error:
        return Machine(None, f"no GPU here: {error.received}", versions)


def target_of(gpu: Gpu) -> str:
    """The name of a GPU's generation, such as `SM86`."""
    return "SM" + gpu.compute_capability.replace(".", "")


def find_gpu() -> Gpu:
    """Ask the CUDA driver for the first GPU.

    Raises:
        EngineError: There is no driver, no GPU, or no cuda-bindings to ask with.
    """
    driver = load_driver()
    try:
        return _gpu(driver)
    except (RuntimeError, OSError) as error:
        # The bindings look for the driver's library when it is first called.
        raise _no_gpu("the NVIDIA driver is not installed") from error


def load_driver() -> Any:
    """The module that asks the CUDA driver.

    Raises:
        EngineError: It is not installed.
    """
    try:
        return importlib.import_module("cuda.bindings.driver")
    except ImportError as error:
        raise EngineError(
            received="cuda-bindings are not installed",
            expected="the package cuda-bindings, to ask the driver for the GPU",
            fix=pip_install("cuda-bindings>=12.8"),
        ) from error


def _gpu(driver: Any) -> Gpu:
    ask_driver(driver, driver.cuInit(0))
    if not ask_driver(driver, driver.cuDeviceGetCount()):
        raise _no_gpu("the driver shows no GPU")
    device = ask_driver(driver, driver.cuDeviceGet(0))
    which = driver.CUdevice_attribute
    major, minor = (
        ask_driver(driver, driver.cuDeviceGetAttribute(attribute, device))
        for attribute in (
            which.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
            which.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        )
    )
    cuda = ask_driver(driver, driver.cuDriverGetVersion())
    return Gpu(
        name=ask_driver(driver, driver.cuDeviceGetName(256, device)).decode().strip("\0 "),
        compute_capability=f"{major}.{minor}",
        memory_mib=ask_driver(driver, driver.cuDeviceTotalMem(device)) >> 20,
        driver=_driver_version(),
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}",
    )


def ask_driver(driver: Any, answer: tuple[Any, ...]) -> Any:
    """Take the value out of one of the driver's answers: (status, value).

    Raises:
        EngineError: The status is that of a failure.
    """
    if answer[0] != driver.CUresult.CUDA_SUCCESS:
        raise _no_gpu(f"the NVIDIA driver says {answer[0].name}")
    return answer[1] if len(answer) > 1 else None


def _no_gpu(received: str) -> EngineError:
    return EngineError(
        received=received,
        expected="an NVIDIA GPU with its driver",
        fix="run it on a machine with one (nvidia-smi shows it)",
    )


def _driver_version() -> str:
    # A Jetson's driver is part of its kernel, and does not always say its version here.
    return DRIVER_VERSION.read_text().strip() if DRIVER_VERSION.is_file() else ""


def _fits(target: str, compute_capability: str) -> bool:
    if target != PORTABLE:
        return target == "SM" + compute_capability.replace(".", "")
    return (
        compute_capability in _PORTABLE_TO
        or int(compute_capability.partition(".")[0]) >= _PORTABLE_FROM
    )
