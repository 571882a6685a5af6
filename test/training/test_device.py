"""What decides the precision of a run, with the answers of devices that are not here."""

from __future__ import annotations

import pytest
import torch

from segmentation_node.errors import ConfigError
from segmentation_node.training import device as device_module
from segmentation_node.training.device import (
    autocast,
    choose_device,
    free_bytes,
    gradient_scaler,
    training_precision,
)

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(("native", "expected"), [(True, torch.bfloat16), (False, torch.float16)])
def test_gpus_train_in_the_half_precision_that_they_multiply(monkeypatch, native, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    assert training_precision(CUDA) is expected


@pytest.mark.parametrize(
    ("flags", "expected"), [("amx_bf16", torch.bfloat16), ("avx2", torch.float32)]
)
def test_processors_train_in_bfloat16_where_they_multiply_it(monkeypatch, flags, expected):
    monkeypatch.setattr(device_module, "_cpu_flags", lambda: flags)
    assert training_precision(CPU) is expected
    with autocast(CPU):
        assert torch.is_autocast_enabled("cpu") == (expected is torch.bfloat16)


def test_only_float16_has_its_gradients_scaled(monkeypatch):
    for precision in (torch.bfloat16, torch.float32, torch.float16):
        monkeypatch.setattr(device_module, "training_precision", lambda _, p=precision: p)
        assert gradient_scaler(CPU).is_enabled() == (precision is torch.float16)


def test_memory_that_is_free_is_known():
    assert 2**26 < free_bytes(CPU) < 2**50


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="use auto"):
        choose_device("cuda")
    assert choose_device("auto") == CPU
