"""Where a network trains, and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from segmentation_node.errors import ConfigError


def choose_device(name: str = "auto") -> torch.device:
    """The device to train on.

    Args:
        name: `auto` (a GPU where there is one), `cpu` or `cuda`.

    Raises:
        ConfigError: It is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in {"cpu", "cuda"} or (name == "cuda" and not torch.cuda.is_available()):
        raise ConfigError(f"the device {name!r}", "auto, cpu, or cuda with a GPU", "use auto")
    return torch.device(name)


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 for convolutions where the device multiplies it fast, else float32 for all."""
    if uses_bfloat16(device):
        context: AbstractContextManager[Any] = torch.autocast(device.type, torch.bfloat16)
        return context
    return nullcontext()


def uses_bfloat16(device: torch.device) -> bool:
    """Whether training on the device is in bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return "amx_bf16" in _cpu_flags()


def describe(device: torch.device) -> dict[str, Any]:
    """What a run's record says of the device."""
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else "CPU",
        "threads": torch.get_num_threads(),
        "precision": "bfloat16" if uses_bfloat16(device) else "float32",
        "torch": torch.__version__,
    }


def _cpu_flags() -> str:
    info = Path("/proc/cpuinfo")
    return info.read_text(encoding="utf-8") if info.is_file() else ""
