from __future__ import annotations

import json
from pathlib import Path

import pytest
from engines.cache_rig import MODEL, key

from segmentation_node.engines.cache import ENVIRONMENT, Built, EngineStore, cache_folder
from segmentation_node.errors import EngineError, OutputError

BUILT = Built(b"a plan of some bytes", {"fp16": 3}, 1500)


@pytest.fixture
def store(tmp_path: Path) -> EngineStore:
    return EngineStore(tmp_path / "engines")


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    assert EngineStore().folder == cache_folder() == tmp_path
    assert EngineStore(tmp_path / "other").folder == tmp_path / "other"


@pytest.mark.parametrize(
    ("xdg", "start"),
    [("/somewhere", "/somewhere"), ("", "/home/me/.cache"), ("relative", "/home/me/.cache")],
)
def test_without_it_the_folder_is_the_users_cache(
    xdg: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert cache_folder() == Path(start) / "segmentation_node" / "engines"


def test_what_is_written_comes_back_with_what_it_was_built_from(store: EngineStore) -> None:
    written = store.write(key(), MODEL, BUILT)
    assert store.read(key()) == (BUILT.plan, written)
    assert written.key == key()
    assert (written.model_name, written.layers, written.build_ms) == ("small", {"fp16": 3}, 1500)
    assert {path.name for path in store.folder.iterdir()} == {
        f"{key().name}.plan",
        f"{key().name}.json",
    }


def test_the_folder_is_for_its_user_alone(store: EngineStore) -> None:
    store.write(key(), MODEL, BUILT)
    assert store.folder.stat().st_mode & 0o077 == 0


def test_what_others_could_have_written_is_neither_read_nor_added_to(store: EngineStore) -> None:
    store.write(key(), MODEL, BUILT)
    store.folder.chmod(0o777)
    with pytest.raises(EngineError, match="which other users can write to"):
        store.read(key())
    with pytest.raises(OutputError, match=r"which other users can write to.*fix: chmod go-w it"):
        store.write(key(level=5), MODEL, BUILT)
    store.folder.chmod(0o700)
    store.plan(key().name).chmod(0o666)
    with pytest.raises(EngineError, match=r"\.plan, which other users can write to"):
        store.read(key())


def damage(store: EngineStore, kind: str) -> None:
    plan, manifest = store.plan(key().name), store.manifest(key().name)
    content = json.loads(manifest.read_text())
    changes = {
        "cut": lambda: plan.write_bytes(BUILT.plan[:-5]),
        "empty": lambda: plan.write_bytes(b""),
        "changed": lambda: plan.write_bytes(BUILT.plan.replace(b"a", b"e")),
        "no plan": plan.unlink,
        "no manifest": manifest.unlink,
        "no JSON": lambda: manifest.write_text("{"),
        "binary": lambda: manifest.write_bytes(b"\xff\xfe"),
        "a list": lambda: manifest.write_text("[]"),
        "incomplete": lambda: manifest.write_text(json.dumps({**content, "plan_sha256": None})),
        "bad layers": lambda: manifest.write_text(json.dumps({**content, "layers": {"a": "b"}})),
        "other format": lambda: manifest.write_text(json.dumps({**content, "format": 0})),
    }
    changes[kind]()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("cut", "a plan of 15 bytes where 20 were written"),
        ("empty", "an empty plan"),
        ("changed", "a damaged plan"),
        ("no plan", "a manifest without its plan"),
        ("no manifest", "no engine of this kind in the cache"),
        ("no JSON", "an unreadable manifest"),
        ("binary", "an unreadable manifest"),
        ("a list", "an unreadable manifest"),
        ("incomplete", "plan_sha256"),
        ("bad layers", "layers"),
        ("other format", "format"),
    ],
)
def test_what_is_not_whole_is_refused_with_the_reason(
    store: EngineStore, kind: str, reason: str
) -> None:
    store.write(key(), MODEL, BUILT)
    damage(store, kind)
    with pytest.raises(EngineError) as caught:
        store.read(key())
    assert reason in caught.value.received


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "10.13.0"}, "version 10.13.0, not 10.3.0"),
        ({"gpu": None, "target": "SM86"}, "GPU none, not Orin"),
    ],
)
def test_an_engine_of_another_gpu_or_version_under_the_same_name_is_refused(
    store: EngineStore, change: dict[str, object], reason: str
) -> None:
    other = key(**change)
    store.write(other, MODEL, BUILT)
    store.plan(other.name).rename(store.plan(key().name))
    store.manifest(other.name).rename(store.manifest(key().name))
    with pytest.raises(EngineError) as caught:
        store.read(key())
    assert reason in caught.value.received


def test_engines_are_listed_whole_or_not(store: EngineStore) -> None:
    assert store.entries() == []
    store.write(key(), MODEL, BUILT)
    store.write(key(level=5), MODEL, BUILT)
    store.write(key(level=4), MODEL, BUILT)
    store.manifest(key(level=5).name).write_text("{")
    store.plan(key(level=4).name).write_bytes(b"")
    found = {entry.name: entry for entry in store.entries()}
    assert found[key().name].problem == ""
    assert found[key().name].size_bytes == 20
    assert "unreadable" in found[key(level=5).name].problem
    assert found[key(level=4).name].problem == "an empty plan"


def test_the_first_digits_of_a_key_find_an_engine(store: EngineStore) -> None:
    store.write(key(), MODEL, BUILT)
    assert store.find(key().name[:4]).name == key().name
    for start in ("", "zz"):
        with pytest.raises(EngineError, match="segmentation engines list"):
            store.find(start)


def test_a_removed_engine_is_gone(store: EngineStore) -> None:
    store.write(key(), MODEL, BUILT)
    store.remove(store.find(key().name))
    assert list(store.folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=ENVIRONMENT):
        EngineStore(tmp_path / "file" / "engines").write(key(), MODEL, BUILT)
