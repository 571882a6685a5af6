"""A discrete GPU's account of its health and power, asked of NVML.

Each figure is asked for by itself, since GPUs differ in what they tell: a Jetson's NVML knows
little, and consumer cards do not tell everything.
Source: NVML API Reference Guide, "Device Queries" and "NvmlClocksEventReasons".
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from segmentation_node.hardware.reading import HealthReading

_MIB = 1 << 20

_REASONS = {
    0x004: "power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "temperature (software)",
    0x040: "temperature (hardware)",
    0x080: "power brake",
}
"""Bits of NVML's reasons; 0x001 is idleness, 0x002 and 0x100 are settings of the user's."""

_FAULTS = 0x008 | 0x020 | 0x040 | 0x080
"""Reasons that somebody should look at. A power cap is a GPU's everyday life at full load."""

_AVERAGED = "a mean of up to a second"
"""What `nvmlDeviceGetPowerUsage` gives: since Ampere the mean of the last second, but for GA100."""


class NvmlGpu:
    """One GPU, as NVML sees it.

    Args:
        nvml: The module pynvml, initialised; `close` shuts it down.
        handle: NVML's handle of the GPU.
        clock: Seconds by a steady clock.
    """

    def __init__(self, nvml: Any, handle: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._nvml, self._handle, self._clock = nvml, handle, clock
        name = self._ask("nvmlDeviceGetName")
        # Older releases of the bindings give bytes.
        self.name = name.decode() if isinstance(name, bytes) else str(name or "NVIDIA GPU")
        self._last = self._energy()
        # Chosen once: a mean must not be made of figures of two kinds.
        self._counts = self._last is not None
        self._is_instant = self._instant() is not None

    @property
    def covers(self) -> str:
        """What it measures, in words, and how where that matters."""
        return "the GPU" if self._counts or self._is_instant else f"the GPU ({_AVERAGED})"

    def watts(self) -> float | None:
        """Power in watts; None where it cannot be told.

        The mean since the call before, by the counter of energy that GPUs have since Volta. Of one
        that refuses it the power of this moment, or else what NVML gives as its power.
        """
        if self._counts:
            return self._counted()
        return self._instant() if self._is_instant else self._power()

    def _counted(self) -> float | None:
        before, self._last = self._last, self._energy()
        if before is None or self._last is None:
            return None
        seconds, millijoules = self._last[0] - before[0], self._last[1] - before[1]
        # The counter begins again when the driver is loaded anew.
        return millijoules / 1e3 / seconds if seconds > 0 and millijoules >= 0 else None

    def _energy(self) -> tuple[float, float] | None:
        millijoules = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else (self._clock(), float(millijoules))

    def _instant(self) -> float | None:
        # Older releases of the bindings do not know the field, and older drivers refuse it: of a
        # field the refusal stands in the answer, and nothing is raised.
        field = getattr(self._nvml, "NVML_FI_DEV_POWER_INSTANT", None)
        found = None if field is None else self._ask("nvmlDeviceGetFieldValues", [field])
        if found is None or found[0].nvmlReturn != self._nvml.NVML_SUCCESS:
            return None
        return float(found[0].value.uiVal) / 1e3

    def _power(self) -> float | None:
        milliwatts = self._ask("nvmlDeviceGetPowerUsage")
        return None if milliwatts is None else float(milliwatts) / 1e3

    def read(self) -> HealthReading:
        """What NVML says now; what it does not know is left out."""
        values: dict[str, float | str] = {
            key: value for key, ask in self._questions() if (value := ask()) is not None
        }
        reasons = self._reasons()
        warnings: tuple[str, ...] = ()
        if reasons is not None:
            values["gpu_throttling"] = _words(reasons) or "none"
            if reasons & _FAULTS:
                warnings = (f"the GPU is throttled: {_words(reasons & _FAULTS)}",)
        return HealthReading(values, warnings)

    def close(self) -> None:
        """Let go of NVML."""
        try:
            self._nvml.nvmlShutdown()
        except self._nvml.NVMLError:
            # It was shut down already, or the driver has gone.
            return

    def _questions(self) -> Iterator[tuple[str, Callable[[], float | None]]]:
        nvml = self._nvml
        yield (
            "gpu_temperature_c",
            lambda: self._ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU),
        )
        yield "gpu_power_w", self._power
        yield "gpu_clock_mhz", lambda: self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM)
        yield (
            "gpu_memory_clock_mhz",
            lambda: self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM),
        )
        yield "gpu_memory_used_mib", lambda: self._memory("used")
        yield "gpu_memory_total_mib", lambda: self._memory("total")

    def _memory(self, part: str) -> float | None:
        found = self._ask("nvmlDeviceGetMemoryInfo")
        return None if found is None else round(getattr(found, part) / _MIB)

    def _reasons(self) -> int | None:
        # The name with "Event" is that of newer releases; drivers before 535 know the other one.
        for name in (
            "nvmlDeviceGetCurrentClocksEventReasons",
            "nvmlDeviceGetCurrentClocksThrottleReasons",
        ):
            found = self._ask(name)
            if found is not None:
                return int(found)
        return None

    def _ask(self, name: str, *arguments: Any) -> Any:
        question = getattr(self._nvml, name, None)
        if question is None:
            return None
        try:
            return question(self._handle, *arguments)
        except self._nvml.NVMLError:
            return None


def find_nvml() -> NvmlGpu | None:
    """The GPU that CUDA shows first, as NVML sees it; None where there is no NVML or no GPU.

    CUDA numbers GPUs by their speed unless CUDA_DEVICE_ORDER is PCI_BUS_ID, and NVML by their bus:
    on a machine with different GPUs, name one by CUDA_VISIBLE_DEVICES.
    """
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # whatever is broken there, the node runs without it
        return None
    try:
        return NvmlGpu(nvml, _first_visible(nvml))
    except nvml.NVMLError:
        nvml.nvmlShutdown()
        return None


def _first_visible(nvml: Any) -> Any:
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip()
    if first.startswith("GPU-"):
        return nvml.nvmlDeviceGetHandleByUUID(first)
    return nvml.nvmlDeviceGetHandleByIndex(int(first) if first.isdigit() else 0)


def _words(reasons: int) -> str:
    return ", ".join(word for bit, word in _REASONS.items() if reasons & bit)
