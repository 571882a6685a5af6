"""What somebody else may have written is told from what only this user can have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segmentation_node.errors import OutputError
from segmentation_node.trust import check_own_folder, distrust

A_USER = 1234


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "above" / "folder" / "engine.plan"
    file.parent.mkdir(parents=True)
    file.touch(mode=0o644)
    return file


def test_a_file_of_this_user_in_folders_of_this_user_is_trusted(file: Path) -> None:
    assert distrust(file) == ""
    assert distrust(file.parent) == ""


@pytest.mark.parametrize("depth", [0, 1])
def test_a_folder_above_that_everybody_can_write_to_is_a_reason(file: Path, depth: int) -> None:
    file.parents[depth].chmod(0o777)
    assert distrust(file) == "which lies in a folder that other users can write to"


def test_a_file_that_everybody_can_write_to_is_a_reason(file: Path) -> None:
    file.chmod(0o666)
    assert distrust(file) == "which other users can write to"


def test_where_nobody_can_rename_what_is_anothers_a_folder_may_lie(file: Path) -> None:
    file.parents[1].chmod(0o1777)
    assert distrust(file) == ""
    assert distrust(file.parents[1]) == "which other users can write to"


def test_a_link_is_judged_by_what_it_points_to(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    file.parent.chmod(0o777)
    assert distrust(link) == "which lies in a folder that other users can write to"


def test_a_file_of_another_user_is_a_reason_except_to_root(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() == 0:
        os.chown(file, A_USER, -1)
    owner = file.stat().st_uid
    for reader, reason in {owner: "", 0: "", owner + 1: "which belongs to another user"}.items():
        monkeypatch.setattr(os, "getuid", lambda reader=reader: reader)
        assert distrust(file) == reason


def test_what_is_not_there_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        distrust(tmp_path / "none")


def test_a_folder_that_others_can_write_to_is_refused_with_how_to_name_another(file: Path) -> None:
    check_own_folder(file.parent, "KERNELS")
    file.parent.chmod(0o777)
    with pytest.raises(OutputError) as raised:
        check_own_folder(file.parent, "KERNELS")
    assert raised.value.received == f"{file.parent}, which other users can write to"
    assert raised.value.fix == "chmod go-w it, or name another with KERNELS"
