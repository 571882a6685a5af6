"""What somebody else may have written is told from what only this user can have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segmentation_node.errors import OutputError
from segmentation_node.trust import check_own_folder, distrust

ROOT, A_USER, A_STRANGER = 0, 1234, 5678


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


ANOTHERS = "which belongs to another user"
IN_ANOTHERS = "which lies in a folder of another user"


@pytest.mark.parametrize(
    ("reader", "owner", "owner_above", "mode_above", "reason"),
    [
        (A_USER, A_USER, A_USER, 0o755, ""),
        (A_USER, ROOT, ROOT, 0o755, ""),
        (A_USER, A_STRANGER, A_USER, 0o755, ANOTHERS),
        (A_USER, A_USER, A_STRANGER, 0o755, IN_ANOTHERS),
        (A_USER, A_USER, ROOT, 0o1777, ""),
        (A_USER, A_STRANGER, ROOT, 0o1777, ANOTHERS),
        # To root it may be anybody's, but not where anybody may have come first.
        (ROOT, A_STRANGER, A_STRANGER, 0o755, ""),
        (ROOT, A_STRANGER, ROOT, 0o1777, ANOTHERS),
        (ROOT, ROOT, ROOT, 0o1777, ""),
    ],
)
def test_whose_a_file_is_and_the_folder_above_it(
    reader: int,
    owner: int,
    owner_above: int,
    mode_above: int,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"/a/b": (0o755, owner), "/a": (mode_above, owner_above), "/": (0o755, ROOT)}
    monkeypatch.setattr(os, "getuid", lambda: reader)
    monkeypatch.setattr(Path, "resolve", lambda self, strict: self)
    monkeypatch.setattr(Path, "stat", lambda self: status(*found[str(self)]))
    assert distrust(Path("/a/b")) == reason


def status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 0, owner, 0, 0, 0, 0, 0))


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
