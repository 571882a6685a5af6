from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segmentation_node.transport import shm

SEGMENT = "fastrtps_0123456789abcdef"
PORT = "fastdds_port7412"


def leave(folder: Path, name: str, lock: str = "_el") -> Path:
    """Write what a process leaves behind: the data, its lock file and, for a port, its mutex."""
    path = folder / name
    path.write_bytes(bytes(1000))
    (folder / f"{name}{lock}").touch()
    if "_port" in name:
        (folder / f"sem.{name}_mutex").touch()
    return path


@contextmanager
def held(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    with path.open("rb") as lock:
        fcntl.flock(lock, how)
        yield


def test_room_is_what_the_file_system_says(tmp_path: Path) -> None:
    measured = shm.room(tmp_path)
    assert measured is not None
    assert 0 < measured.free_bytes <= measured.total_bytes


def test_no_shared_memory_is_none(tmp_path: Path) -> None:
    assert shm.room(tmp_path / "nowhere") is None


@pytest.mark.parametrize("name", [SEGMENT, PORT])
def test_a_file_whose_lock_nobody_holds_is_stale(tmp_path: Path, name: str) -> None:
    leave(tmp_path, name)
    [found] = shm.segments(tmp_path)
    assert not found.in_use
    assert found.size_bytes == 1000
    assert found.is_port == (name == PORT)


@pytest.mark.parametrize(("lock", "how"), [("_el", fcntl.LOCK_EX), ("_sl", fcntl.LOCK_SH)])
def test_a_file_whose_lock_is_held_is_in_use_and_stays(tmp_path: Path, lock: str, how: int) -> None:
    path = leave(tmp_path, PORT, lock)
    with held(path.with_name(path.name + lock), how):
        assert [found.in_use for found in shm.segments(tmp_path)] == [True]
        assert shm.remove_stale(shm.segments(tmp_path)) == []
    assert path.exists()


def test_a_port_taken_up_again_after_the_look_stays(tmp_path: Path) -> None:
    path = leave(tmp_path, PORT)
    found = shm.segments(tmp_path)
    with held(tmp_path / f"{PORT}_el"):
        assert shm.remove_stale(found) == []
    assert path.exists()


@pytest.mark.parametrize("name", [SEGMENT, PORT])
def test_removing_takes_all_that_belongs_to_it_and_nothing_else(tmp_path: Path, name: str) -> None:
    leave(tmp_path, name)
    (tmp_path / "sem.somebody_elses").touch()
    (tmp_path / "fastrtps_not_ours").touch()
    assert [one.path.name for one in shm.remove_stale(shm.segments(tmp_path))] == [name]
    assert {path.name for path in tmp_path.iterdir()} == {"sem.somebody_elses", "fastrtps_not_ours"}


def test_what_another_user_left_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(tmp_path, SEGMENT)
    found = shm.segments(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: found[0].uid + 1)
    assert shm.remove_stale(found) == []


def test_a_segment_without_a_lock_is_stale_only_when_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / SEGMENT
    path.write_bytes(b"0")
    assert shm.segments(tmp_path)[0].in_use
    old = time.time() - 60.0
    os.utime(path, (old, old))
    assert not shm.segments(tmp_path)[0].in_use
