from __future__ import annotations

from pathlib import Path

import pytest
from locked import lock
from small_bags import picture, write_bag

from segmentation_node.errors import MediaError, OutputError
from segmentation_node.media.images import write_image
from segmentation_node.offline.job import Request
from segmentation_node.offline.plan import are_many_bags, plan


def pairs(sources: list[Path], output: Path) -> list[tuple[str, str]]:
    root = output.parent
    return [
        (str(one.source.relative_to(root)), str(one.output.relative_to(root)))
        for one in plan(sources, Request(sources[0], output, topics=("/cam",)))
    ]


@pytest.fixture
def drives(tmp_path: Path) -> Path:
    """A folder with a file, a database and a folder, some deeper down, and what is no bag."""
    write_bag(tmp_path / "drives" / "a.mcap", frames=1)
    write_bag(tmp_path / "drives" / "monday" / "a.db3", frames=1)
    write_bag(tmp_path / "drives" / "monday" / "b", frames=1)
    write_bag(tmp_path / "drives" / ".trash" / "c.mcap", frames=1)
    (tmp_path / "drives" / "notes.txt").write_text("rain")
    return tmp_path / "drives"


def test_bags_keep_their_names_and_places(drives: Path) -> None:
    assert are_many_bags([drives])
    assert pairs([drives], drives.parent / "out") == [
        ("drives/a.mcap", "out/a.mcap"),
        ("drives/monday/a.db3", "out/monday/a.db3"),
        ("drives/monday/b", "out/monday/b"),
    ]


def test_bags_may_be_named_one_by_one(drives: Path) -> None:
    sources = [drives / "a.mcap", drives / "monday" / "b"]
    assert are_many_bags(sources)
    assert [output for _, output in pairs(sources, drives.parent / "out")] == [
        "out/a.mcap",
        "out/b",
    ]


def test_the_results_of_an_earlier_run_are_no_input(drives: Path) -> None:
    write_bag(drives / "out" / "a.mcap", frames=1)
    assert len(plan([drives], Request(drives, drives / "out"))) == 3


def test_what_is_wanted_of_one_is_wanted_of_all(drives: Path) -> None:
    wanted = Request(drives, drives.parent / "out", ("/cam",), overlay=True)
    assert {(one.topics, one.overlay) for one in plan([drives], wanted)} == {(("/cam",), True)}


def test_one_bag_and_a_folder_of_images_are_not_many_bags(drives: Path) -> None:
    assert not are_many_bags([drives / "a.mcap"])
    assert not are_many_bags([drives / "monday" / "b"])
    write_image(drives / "picture.png", picture(1))
    assert not are_many_bags([drives])


def test_two_bags_of_one_name_are_an_error(drives: Path) -> None:
    write_bag(drives / "tuesday" / "b", frames=1)
    with pytest.raises(MediaError, match="both become"):
        pairs([drives / "monday" / "b", drives / "tuesday" / "b"], drives.parent / "out")


def test_a_bag_is_not_written_over_itself(drives: Path) -> None:
    with pytest.raises(OutputError, match="the input itself"):
        pairs([drives / "a.mcap", drives / "monday" / "b"], drives)


def test_inputs_that_are_no_bags_are_named(drives: Path) -> None:
    out = drives.parent / "out"
    write_image(drives / "picture.png", picture(1))
    (drives / "empty").mkdir()
    with pytest.raises(MediaError, match=r"picture\.png, which is no bag;"):
        pairs([drives / "a.mcap", drives / "picture.png"], out)
    with pytest.raises(MediaError, match="empty, which is no bag and holds none"):
        pairs([drives / "a.mcap", drives / "empty"], out)
    with pytest.raises(MediaError, match="does not exist"):
        pairs([drives / "a.mcap", drives / "none.mcap"], out)


def test_many_bags_do_not_go_to_a_file(drives: Path) -> None:
    with pytest.raises(OutputError, match="a folder for many bags"):
        pairs([drives], drives / "notes.txt")


def test_a_folder_below_that_cannot_be_read_stands_for_its_bags(
    drives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("others", "lost+found"):
        (drives / name).mkdir()
        lock(monkeypatch, drives / name)
    assert are_many_bags([drives])
    assert pairs([drives], drives.parent / "out") == [
        ("drives/a.mcap", "out/a.mcap"),
        ("drives/monday/a.db3", "out/monday/a.db3"),
        ("drives/monday/b", "out/monday/b"),
        ("drives/others", "out/others"),
    ]


def test_an_input_that_cannot_be_read_is_an_error(
    drives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(monkeypatch, drives)
    with pytest.raises(MediaError, match=r"drives \(Permission denied\)"):
        are_many_bags([drives])
    with pytest.raises(MediaError, match=r"drives \(Permission denied\)"):
        pairs([drives], drives.parent / "out")
