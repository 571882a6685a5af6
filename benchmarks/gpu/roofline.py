"""How fast the memory at hand is, and how long each step must take at least."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

_BLOCK = 1 << 28
"""Bytes: far more than any cache holds."""

_ROUNDS = 15


@dataclass(frozen=True)
class Bandwidths:
    """Gigabytes (10^9) a second, measured with large blocks.

    Args:
        gpu: Read or written by the GPU in its own memory.
        to_gpu: Copied from pinned main memory.
        to_host: Copied to pinned main memory.
    """

    gpu: float
    to_gpu: float
    to_host: float

    @classmethod
    def measure(cls) -> Bandwidths:
        """Measure them on the current GPU, by the median of several copies each."""
        here = torch.empty(_BLOCK, dtype=torch.uint8, device="cuda")
        there = torch.empty_like(here)
        host = torch.empty(_BLOCK, dtype=torch.uint8, pin_memory=True)
        return cls(
            # A copy within the GPU reads each byte and writes it.
            gpu=2 * _rate(lambda: there.copy_(here)),
            to_gpu=_rate(lambda: here.copy_(host, non_blocking=True)),
            to_host=_rate(lambda: host.copy_(here, non_blocking=True)),
        )


@dataclass(frozen=True)
class Traffic:
    """The bytes that a frame must move, each of them once.

    Args:
        image: Bytes of the camera image.
        input: Bytes of the network's input.
        logits: Bytes of its output.
        results: Bytes of the results.
    """

    image: int
    input: int
    logits: int
    results: int

    def least_ms(self, bandwidths: Bandwidths) -> Mapping[str, float]:
        """Milliseconds of each step at the measured bandwidths."""
        moved = {
            "copy_in": (self.image, bandwidths.to_gpu),
            "preprocess": (self.image + self.input, bandwidths.gpu),
            "postprocess": (self.logits + self.results, bandwidths.gpu),
            "copy_out": (self.results, bandwidths.to_host),
        }
        return {step: size / (rate * 1e6) for step, (size, rate) in moved.items()}


def _rate(copy: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        copy()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return float(_BLOCK / statistics.median(times) / 1e6)
