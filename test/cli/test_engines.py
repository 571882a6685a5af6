from __future__ import annotations

import json
from pathlib import Path

import pytest
from engines.cache_rig import MODEL, key
from typer.testing import CliRunner

from segmentation_node.cli.app import app
from segmentation_node.engines.cache import Built, EngineStore
from segmentation_node.errors import EngineError

BUILT = Built(b"a plan" * 100_000, {"fp16": 7, "fp32": 1}, 61_500)


@pytest.fixture
def store(tmp_path: Path) -> EngineStore:
    store = EngineStore(tmp_path / "engines")
    store.write(key(), MODEL, BUILT)
    store.write(key(target="SM86", gpu=None), ("other", "other.onnx"), BUILT)
    return store


def engines(store: EngineStore, *words: str) -> str:
    command = ["engines", *words, "--cache", str(store.folder)]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_engine_is_a_row_with_why_it_does_not_run_here(store: EngineStore) -> None:
    shown = engines(store)
    assert "2 engines in" in shown
    row = next(line for line in shown.splitlines() if key().name in line)
    for word in ("small", "fp16", "1x3x64x96", "Orin", "tensorrt 10.3.0", " 0.6 ", " here "):
        assert word in row


def test_a_damaged_engine_is_a_row_as_well(store: EngineStore) -> None:
    store.manifest(key().name).write_text("{")
    assert "an unreadable manifest" in engines(store)


def test_one_engine_is_shown_with_all_that_it_depends_on(store: EngineStore) -> None:
    shown = engines(store, "show", key().name[:6])
    for word in ("small.onnx", "7 in fp16, 1 in fp32", "in 61.5 s", "540.4.0", "12.6", "8.7"):
        assert word in shown
    assert "driver" not in engines(store, "show", key(target="SM86", gpu=None).name)


def test_the_same_is_written_as_json(store: EngineStore, tmp_path: Path) -> None:
    file = tmp_path / "engines.json"
    engines(store, "--json", str(file))
    report = json.loads(file.read_text())
    assert report["folder"] == str(store.folder)
    assert {one["manifest"]["model_name"] for one in report["engines"]} == {"small", "other"}


def test_one_engine_is_removed_or_all(store: EngineStore) -> None:
    assert engines(store, "remove", key().name) == f"removed {key().name}\n"
    assert len(store.entries()) == 1
    engines(store, "remove", "--all")
    assert list(store.folder.iterdir()) == []


def test_nothing_is_removed_by_mistake(store: EngineStore) -> None:
    for words in ((), (key().name, "--all")):
        result = CliRunner().invoke(app, ["engines", "remove", *words, "--cache", store.folder])
        assert result.exit_code == 2
    with pytest.raises(EngineError, match="which 0 engines"):
        engines(store, "remove", "zz")
    assert len(store.entries()) == 2


def test_an_empty_cache_is_an_empty_table(tmp_path: Path) -> None:
    assert "0 engines in" in engines(EngineStore(tmp_path / "none"))
