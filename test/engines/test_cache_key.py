from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from engines.cache_rig import ORIN, key

from segmentation_node.engines.cache import EngineKey, model_sha256
from segmentation_node.errors import ConfigError, EngineError
from segmentation_node.fields import Fields

CHANGES = [
    {"model_sha256": "cd" * 32},
    {"precision": "int8"},
    {"shape": (2, 3, 64, 96)},
    {"shape": (1, 3, 96, 64)},
    {"flavour": "rtx"},
    {"version": "10.3.1"},
    {"target": "SM86", "gpu": None},
    {"gpu": replace(ORIN, name="Thor")},
    {"gpu": replace(ORIN, compute_capability="8.6")},
    {"gpu": replace(ORIN, memory_mib=30000)},
    {"gpu": replace(ORIN, driver="550.0")},
    {"gpu": replace(ORIN, cuda="13.0")},
    {"workspace_mib": 512},
    {"level": 5},
    {"tf32": True},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: "-".join(map(str, change)))
def test_anything_that_can_make_a_plan_wrong_makes_another_key(change: dict[str, object]) -> None:
    assert key(**change).digest != key().digest
    assert key().differences(key(**change))


def test_a_key_stays_what_it_is_as_long_as_its_form_does() -> None:
    assert key().digest == key().digest
    assert key().name == "82049d989d1bc5bd"


def test_a_difference_says_what_was_and_what_is() -> None:
    assert key().differences(key(version="10.13.0")) == ["version 10.13.0, not 10.3.0"]


def test_a_key_comes_back_from_json() -> None:
    for one in (key(), key(target="SM86", gpu=None, workspace_mib=64)):
        fields = Fields(json.loads(json.dumps(asdict(one))), "manifest", EngineError)
        assert EngineKey.read(fields) == one


@pytest.mark.parametrize("change", [{"target": "SM86"}, {"gpu": None}])
def test_a_plan_is_for_a_gpu_or_for_a_target(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="a target, or the GPU"):
        key(**change)


def test_weights_in_files_of_their_own_are_part_of_the_model(tmp_path: Path) -> None:
    onnx, weights = tmp_path / "big.onnx", tmp_path / "big.onnx.data"
    onnx.write_bytes(b"before\x0a\x08location\x12\x0dbig.onnx.dataafter")
    weights.write_bytes(b"one")
    before = model_sha256(onnx)
    weights.write_bytes(b"two")
    assert model_sha256(onnx) != before


def test_missing_weights_are_named(tmp_path: Path) -> None:
    onnx = tmp_path / "big.onnx"
    onnx.write_bytes(b"\x0a\x08location\x12\x0dbig.onnx.data")
    with pytest.raises(EngineError, match=r"big\.onnx\.data"):
        model_sha256(onnx)


@pytest.mark.parametrize("name", ["/dev/zero", "../other.data", "below/../../other.data", "pipe"])
def test_weights_elsewhere_than_beside_the_network_are_not_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (tmp_path / "other.data").write_bytes(b"weights")
    onnx = folder / "big.onnx"
    onnx.write_bytes(b"\x0a\x08location\x12" + bytes([len(name)]) + name.encode())
    with pytest.raises(EngineError, match=rf"big\.onnx, which says .*{name}"):
        model_sha256(onnx)
