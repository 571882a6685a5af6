"""The demo from end to end: three processes over real DDS, and what they leave."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from dds import claimed_domain, wait_until

from segmentation_node.bags.reader import BagReader
from segmentation_node.config import PipelineConfig
from segmentation_node.demo.drive_spec import DriveSpec
from segmentation_node.demo.programs import ProgramError
from segmentation_node.demo.rendering import cached_bag
from segmentation_node.demo.run import check_heard, run_demo
from segmentation_node.demo.session import Session
from segmentation_node.demo.settings import DemoSettings
from segmentation_node.errors import MediaError, ModelError, OutputError, TransportError
from segmentation_node.media.images import read_image, write_image
from segmentation_node.media.video import VideoReader

SMALL = DriveSpec(height=192, width=320, seconds=20 / 30, condition="day")
LEFT = {"demo.mp4", "contact_sheet.png", "latency.png", "demo.json", "recording.mcap", "node.log"}


def quiet(step: str, done: int, total: int) -> None:
    """Tell nobody."""


def small(output: Path, domain_id: int, **options) -> DemoSettings:
    pipeline = PipelineConfig(network_size="96x160", engine=options.pop("engine", "auto"))
    return DemoSettings(output, drive=SMALL, pipeline=pipeline, domain_id=domain_id, **options)


def processes_about(folder: Path) -> list[str]:
    """The command lines of this machine's processes that name a folder."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # a process that has just ended
            lines.append((entry / "cmdline").read_text().replace("\0", " "))
    return [line for line in lines if str(folder) in line]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A demo that ran once, for the tests that look at what it left."""
    folder = tmp_path_factory.mktemp("demo")
    with claimed_domain() as domain_id:
        return folder, run_demo(small(folder, domain_id), quiet)


def test_a_run_in_which_no_answer_arrived_is_no_slow_one() -> None:
    check_heard({"frames_processed": 194, "frames_answered": 1})
    check_heard({"frames_processed": 0, "frames_answered": 0})  # skipped, and counted so
    with pytest.raises(TransportError, match="none of the 194 label images"):
        check_heard({"frames_processed": 194, "frames_answered": 0})


@pytest.mark.dds
def test_every_frame_is_answered_or_accounted_for(finished: tuple[Path, dict]) -> None:
    folder, figures = finished
    assert figures == json.loads((folder / "demo.json").read_text())
    assert figures["frames_sent"] == 20
    assert figures["frames_lost"] == 0
    assert figures["frames_answered"] + figures["frames_skipped"] == 20
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["max"]
    assert figures["stages_ms"]["inference"]["p50"] > 0
    assert 0 < figures["miou"] <= 1
    assert (figures["network_size"], figures["image"]) == ("96x160", "320 wide, 192 high, bgr8")
    assert figures["engine"] and figures["precision"] and figures["device"]


@pytest.mark.dds
def test_what_is_left_can_be_looked_at(finished: tuple[Path, dict]) -> None:
    folder, figures = finished
    names = {path.name for path in folder.iterdir()}
    assert {name for name in names if not name.startswith("rendered-")} == LEFT
    with VideoReader(folder / "demo.mp4") as video:
        assert len(list(video.frames())) == 20
    assert read_image(folder / "contact_sheet.png").shape[1] > 1000
    with BagReader(folder / "recording.mcap") as bag:
        assert bag.count_of("/segmentation_node/labels") == figures["frames_answered"]
        assert bag.count_of("/segmentation_node/color") == figures["frames_answered"]


@pytest.mark.dds
def test_images_of_the_users_own_are_replayed(tmp_path: Path, domain_id: int) -> None:
    for index in range(4):
        write_image(tmp_path / "mine" / f"{index}.jpg", SMALL.drive().frame(index)[0])
    options = {"source": tmp_path / "mine", "fps": 10.0}
    figures = run_demo(small(tmp_path / "out", domain_id, **options), quiet)
    assert (figures["frames_sent"], figures["frames_lost"], figures["miou"]) == (4, 0, None)
    assert {path.name for path in (tmp_path / "out").iterdir()} == LEFT


@pytest.mark.dds
def test_a_node_that_cannot_start_is_shown_with_what_it_said(
    tmp_path: Path, domain_id: int
) -> None:
    with pytest.raises(ProgramError, match="cannot configure") as caught:
        run_demo(small(tmp_path, domain_id, engine="tensorrt"), quiet)
    # What is missing first depends on the machine: TensorRT, its GPU, or PyCUDA.
    assert "cannot configure: received no " in caught.value.log
    assert processes_about(tmp_path) == []
    assert not list(tmp_path.glob(".running-*"))


@pytest.mark.dds
def test_a_node_that_ends_by_itself_is_shown_with_what_it_said(
    tmp_path: Path, domain_id: int, monkeypatch
) -> None:
    words = ["-c", "import sys; print('no memory left'); sys.exit(3)"]
    monkeypatch.setattr(Session, "_node_words", lambda session: words)
    with pytest.raises(ProgramError, match="exit code 3") as caught:
        run_demo(small(tmp_path, domain_id), quiet)
    assert caught.value.log == (tmp_path / "node.log").read_text().strip() == "no memory left"
    assert processes_about(tmp_path) == []


@pytest.mark.dds
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind_when_it_is_told_to_end(
    tmp_path: Path, number: signal.Signals
) -> None:
    for index in range(2):
        write_image(tmp_path / "mine" / f"{index}.png", np.full((96, 160, 3), 90, np.uint8))
    command = [sys.executable, "-m", "segmentation_node.cli.app", "demo", "-o", str(tmp_path)]
    options = ["--input", str(tmp_path / "mine"), "--fps", "0.01", "--network-size", "96x160"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as demo:
        wait_until(lambda: "ros.player" in str(processes_about(tmp_path)), "the player", 90)
        demo.send_signal(number)
        said = demo.stderr.read() if demo.stderr else ""
    assert demo.returncode not in {0, None}
    assert "Traceback" not in said
    assert processes_about(tmp_path) == []
    assert not list(tmp_path.glob(".running-*"))


def test_a_missing_model_is_found_before_anything_starts(tmp_path: Path) -> None:
    settings = DemoSettings(tmp_path / "out", pipeline=PipelineConfig(model="nobodys"))
    with pytest.raises(ModelError):
        run_demo(settings, quiet)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        run_demo(DemoSettings(tmp_path / "file" / "out"), quiet)


@pytest.mark.parametrize("source", ["nothere", "a.txt"])
def test_an_input_that_cannot_be_taken_makes_and_deletes_nothing(
    tmp_path: Path, source: str
) -> None:
    (tmp_path / "a.txt").write_text("no image")
    (tmp_path / "out").mkdir()
    for name in LEFT:
        (tmp_path / "out" / name).write_text("of the demo before")
    for output in ("out", "new"):
        with pytest.raises(MediaError, match=source):
            run_demo(DemoSettings(tmp_path / output, source=tmp_path / source), quiet)
    assert {path.name for path in (tmp_path / "out").iterdir()} == LEFT
    assert not (tmp_path / "new").exists()


def test_a_damaged_input_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "demo.json").write_text("of the demo before")
    (tmp_path / "a.mp4").write_text("no video")
    for output in ("out", "new"):
        with pytest.raises(MediaError, match=r"a\.mp4"):
            run_demo(DemoSettings(tmp_path / output, source=tmp_path / "a.mp4"), quiet)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["demo.json"]
    assert not (tmp_path / "new").exists()


def test_a_recording_of_the_users_own_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "recording.mcap").write_text("precious")
    with pytest.raises(OutputError, match=r"recording\.mcap and no demo\.json"):
        run_demo(DemoSettings(tmp_path), quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["recording.mcap"]


def test_only_rendered_drives_make_room_for_another(tmp_path: Path) -> None:
    kept = {"drive-20261201.mcap", "rendered-site.mcap"}
    for name in (*kept, "rendered-0123abcd.mcap"):
        (tmp_path / name).touch()
    spec = DriveSpec(height=48, width=64, seconds=0.1)
    made = cached_bag(spec, tmp_path, lambda *_: None)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, made.name}
