"""Where a network trains, and in which precision."""

from __future__ import annotations

import os
import re
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
    """Convolutions in the device's training precision, what is delicate in float32."""
    precision = training_precision(device)
    if precision is torch.float32:
        return nullcontext()
    context: AbstractContextManager[Any] = torch.autocast(device.type, precision)
    return context


def training_precision(device: torch.device) -> torch.dtype:
    """What convolutions are trained in: bfloat16 where the device multiplies it fast.

    GPUs without it (before Ampere) take float16, whose gradients need `gradient_scaler`.
    Processors without it take float32.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if native else torch.float16
    return torch.bfloat16 if "amx_bf16" in _cpu_flags() else torch.float32


def gradient_scaler(device: torch.device) -> torch.amp.GradScaler:
    """Keeps float16 gradients from vanishing; does nothing in any other precision.

    Micikevicius et al., "Mixed precision training", 2018, section 3.2.
    """
    enabled = training_precision(device) is torch.float16
    return torch.amp.GradScaler(device.type, enabled=enabled)


def free_bytes(device: torch.device) -> int:
    """Memory that a run on the device could have now, bytes."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(Path("/proc/meminfo")))
    if found:
        return 1024 * int(found[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def describe(device: torch.device) -> dict[str, Any]:
    """What a run's record says of the device."""
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else "CPU",
        "threads": torch.get_num_threads(),
        "precision": str(training_precision(device)).removeprefix("torch."),
        "torch": torch.__version__,
    }


def _cpu_flags() -> str:
    return _text(Path("/proc/cpuinfo"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
