from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from engines.cache_rig import MODEL, ORIN, FakeMaker, key

from segmentation_node.engines.cache import Built, EngineStore, obtain
from segmentation_node.engines.cache.lock import locked
from segmentation_node.errors import EngineError


@pytest.fixture
def store(tmp_path: Path) -> EngineStore:
    return EngineStore(tmp_path / "engines")


def test_the_first_time_it_is_built_and_then_it_is_there(store: EngineStore) -> None:
    maker = FakeMaker()
    first, second = (obtain(store, key(), MODEL, maker) for _ in range(2))
    assert (first.engine, first.is_new) == ("a plan", True)
    assert first.reason == "no engine of this kind in the cache"
    assert (second.engine, second.is_new, second.reason) == ("a plan", False, "")
    assert maker.builds == 1
    assert first.manifest == second.manifest


@pytest.mark.parametrize(
    ("plan", "reason"),
    [(b"", "an empty plan"), (b"a pla", "5 bytes where 6"), (b"A plan", "a damaged plan")],
    ids=["zero bytes", "truncated", "changed"],
)
def test_a_plan_that_is_not_whole_is_built_again(
    store: EngineStore, plan: bytes, reason: str
) -> None:
    obtain(store, key(), MODEL, FakeMaker())
    store.plan(key().name).write_bytes(plan)
    again = obtain(store, key(), MODEL, FakeMaker())
    assert (again.engine, again.is_new) == ("a plan", True)
    assert reason in again.reason
    assert not obtain(store, key(), MODEL, FakeMaker()).is_new


def test_an_unreadable_manifest_is_written_anew(store: EngineStore) -> None:
    obtain(store, key(), MODEL, FakeMaker())
    store.manifest(key().name).write_text("{")
    assert "unreadable manifest" in obtain(store, key(), MODEL, FakeMaker()).reason
    assert not obtain(store, key(), MODEL, FakeMaker()).is_new


def test_a_plan_that_does_not_load_is_built_again_once(store: EngineStore) -> None:
    obtain(store, key(), MODEL, FakeMaker(b"old"))
    maker = FakeMaker(b"new", refuses=(b"old",))
    again = obtain(store, key(), MODEL, maker)
    assert (again.engine, again.reason, maker.builds) == ("new", "a plan that cannot be loaded", 1)


def test_a_new_plan_that_does_not_load_either_is_an_error_and_is_not_kept(
    store: EngineStore,
) -> None:
    maker = FakeMaker(b"bad", refuses=(b"bad",))
    with pytest.raises(EngineError, match="cannot be loaded"):
        obtain(store, key(), MODEL, maker)
    assert maker.builds == 1
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "10.13.0"}, "version 10.3.0, not 10.13.0"),
        ({"gpu": replace(ORIN, name="NVIDIA H100")}, "GPU Orin, not NVIDIA H100"),
        ({"gpu": replace(ORIN, driver="560.1")}, "driver 540.4.0, not 560.1"),
        ({"model_sha256": "cd" * 32}, "model abababababab, not cdcdcdcdcdcd"),
    ],
    ids=["old version", "foreign GPU", "new driver", "new weights"],
)
def test_what_has_changed_since_the_last_build_is_said(
    store: EngineStore, change: dict[str, object], reason: str
) -> None:
    obtain(store, key(), MODEL, FakeMaker())
    other = obtain(store, key(**change), MODEL, FakeMaker())
    assert other.is_new
    assert reason in other.reason


def test_a_failed_build_leaves_nothing(store: EngineStore) -> None:
    class Broken(FakeMaker):
        def build(self) -> Built:
            raise EngineError("a request to stop the build", "the engine", "build it again")

    with pytest.raises(EngineError, match="a request to stop"):
        obtain(store, key(), MODEL, Broken())
    assert list(store.folder.iterdir()) == []


def test_without_a_folder_to_write_to_the_engine_is_used_and_not_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = EngineStore(tmp_path / "file" / "engines")
    for _ in range(2):
        found = obtain(store, key(), MODEL, FakeMaker())
        assert (found.engine, found.is_new) == ("a plan", True)
        assert "Not a directory" in found.warning


def test_an_engine_that_others_could_have_written_is_not_run(store: EngineStore) -> None:
    obtain(store, key(), MODEL, FakeMaker())
    store.folder.chmod(0o777)
    for _ in range(2):
        found = obtain(store, key(), MODEL, FakeMaker())
        assert (found.engine, found.is_new) == ("a plan", True)
        assert "which other users can write to" in found.reason
        assert "which other users can write to" in found.warning


def test_a_read_only_folder_serves_what_it_has(
    store: EngineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    obtain(store, key(), MODEL, FakeMaker())
    # Tests may run as root, for whom no folder is read-only.
    monkeypatch.setattr("os.access", lambda *_: False)
    assert not obtain(store, key(), MODEL, FakeMaker()).is_new
    other = obtain(store, key(level=5), MODEL, FakeMaker())
    assert (other.engine, "read-only" in other.warning) == ("a plan", True)
    assert {path.stem for path in store.folder.iterdir()} == {key().name}


def test_a_disk_that_fills_up_costs_the_cache_and_not_the_engine(
    store: EngineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    found = obtain(store, key(), MODEL, FakeMaker())
    assert found.engine == "a plan"
    assert "No space left" in found.warning
    monkeypatch.undo()
    assert obtain(store, key(), MODEL, FakeMaker()).is_new


def test_two_builders_build_once(store: EngineStore) -> None:
    started, go_on = threading.Event(), threading.Event()

    class Slow(FakeMaker):
        def build(self) -> Built:
            started.set()
            assert go_on.wait(60)
            return super().build()

    slow, waiting, said = Slow(), FakeMaker(b"another"), []
    first = threading.Thread(target=obtain, args=(store, key(), MODEL, slow))
    first.start()
    assert started.wait(60)

    def tell(text: str) -> None:
        said.append(text)
        go_on.set()

    found = obtain(store, key(), MODEL, waiting, on_wait=tell)
    first.join(60)
    assert (found.engine, found.is_new) == ("a plan", False)
    assert (slow.builds, waiting.builds, len(said)) == (1, 0, 1)


def test_a_wait_for_another_builder_can_be_ended(store: EngineStore) -> None:
    store.make_folder()
    with locked(store.lock(key().name)), pytest.raises(EngineError, match="a request to stop"):
        obtain(store, key(), MODEL, FakeMaker(), is_cancelled=lambda: True)
