from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segmentation_node.errors import OutputError
from segmentation_node.files import at_home, user_cache, write_json, write_whole


def test_a_file_is_written_with_its_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.bin"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file.bin"
    write_whole(path, b"first")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"


def test_json_is_written_to_be_read_by_people_too(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "figures.json", {"miou": 0.5})
    text = (tmp_path / "new" / "figures.json").read_text(encoding="utf-8")
    assert text == '{\n  "miou": 0.5\n}\n'


def test_a_home_is_put_in_and_one_that_nobody_has_stays_as_it_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert at_home("~/net.onnx") == Path("/home/somebody/net.onnx")
    assert at_home("~nobody-of-this-name/net.onnx") == Path("~nobody-of-this-name/net.onnx")


def test_a_user_without_a_home_has_a_cache_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", str)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert user_cache("engines").is_absolute()
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert user_cache("engines") == Path("/var/cache/segmentation_node/engines")


def test_a_write_that_fails_leaves_nothing_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_whole(tmp_path / "file.bin", b"some")
    assert not list(tmp_path.iterdir())


def test_a_file_may_be_read_by_whom_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "file.bin", b"some")
    finally:
        os.umask(before)
    assert (tmp_path / "file.bin").stat().st_mode & 0o777 == 0o644


def test_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    contents = {letter * 100_000 for letter in (b"a", b"b", b"c", b"d")}
    write_whole(path, next(iter(contents)))
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(write_whole, path, one) for one in contents for _ in range(20)]
        seen = {path.read_bytes() for _ in range(100)}
        for write in writes:
            write.result()
    assert seen <= contents
    assert list(tmp_path.iterdir()) == [path]
