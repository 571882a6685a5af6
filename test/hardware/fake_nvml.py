"""NVML's part played: a GPU that tells what the test wants, and refuses what it wants."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class NVMLError(Exception):
    """What pynvml raises for every bad result."""


class FakeNvml(ModuleType):
    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU, NVML_CLOCK_SM, NVML_CLOCK_MEM = 0, 1, 2
    NVML_SUCCESS, NVML_ERROR_NOT_SUPPORTED = 0, 3
    NVML_FI_DEV_POWER_INSTANT = 186

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__("pynvml")
        self.refuses: set[str] = set()
        self.reasons = 0x4
        # Of a GPU older than Volta, with a driver that knows no power of the moment.
        self.energy_mj: int | None = None
        self.instant_mw: int | None = None
        self.asked_for: Any = None
        self.shut_down = 0
        patch.setitem(sys.modules, "pynvml", self)
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def _answer(self, name: str, value: Any) -> Any:
        if name in self.refuses:
            raise NVMLError("Not Supported")
        return value

    def nvmlInit(self) -> None:
        self._answer("nvmlInit", None)

    def nvmlShutdown(self) -> None:
        self.shut_down += 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:
        self.asked_for = index
        return self._answer("nvmlDeviceGetHandleByIndex", "handle")

    def nvmlDeviceGetHandleByUUID(self, name: str) -> Any:
        self.asked_for = name
        return "handle"

    def nvmlDeviceGetName(self, _: Any) -> Any:
        return self._answer("nvmlDeviceGetName", b"NVIDIA RTX A2000")

    def nvmlDeviceGetTotalEnergyConsumption(self, _: Any) -> Any:
        if self.energy_mj is None:
            raise NVMLError("Not Supported")
        return self.energy_mj

    def nvmlDeviceGetFieldValues(self, _: Any, fields: list[int]) -> Any:
        """Of a field the refusal stands in the answer, as with the real one."""
        refused = self.instant_mw is None or fields != [self.NVML_FI_DEV_POWER_INSTANT]
        code = self.NVML_ERROR_NOT_SUPPORTED if refused else self.NVML_SUCCESS
        value = SimpleNamespace(uiVal=self.instant_mw or 0)
        answer = [SimpleNamespace(nvmlReturn=code, value=value)]
        return self._answer("nvmlDeviceGetFieldValues", answer)

    def nvmlDeviceGetPowerUsage(self, _: Any) -> Any:
        return self._answer("nvmlDeviceGetPowerUsage", 35270)

    def nvmlDeviceGetTemperature(self, *_: Any) -> Any:
        return self._answer("nvmlDeviceGetTemperature", 61)

    def nvmlDeviceGetClockInfo(self, _: Any, kind: int) -> Any:
        return self._answer("nvmlDeviceGetClockInfo", 1200 if kind == 1 else 6000)

    def nvmlDeviceGetMemoryInfo(self, _: Any) -> Any:
        memory = SimpleNamespace(used=900 << 20, total=6000 << 20)
        return self._answer("nvmlDeviceGetMemoryInfo", memory)

    def nvmlDeviceGetCurrentClocksEventReasons(self, _: Any) -> Any:
        return self._answer("nvmlDeviceGetCurrentClocksEventReasons", self.reasons)

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, _: Any) -> Any:
        return self._answer("nvmlDeviceGetCurrentClocksThrottleReasons", self.reasons)
