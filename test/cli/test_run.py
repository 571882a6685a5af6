from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command import run
from small_bags import speckled, write_cameras
from small_network import write_network
from typer.testing import CliRunner

from segmentation_node.bags.reader import BagReader
from segmentation_node.bags.types import typestore
from segmentation_node.cli.app import app
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.demo.drive_spec import DriveSpec
from segmentation_node.errors import ConfigError, OutputError
from segmentation_node.media.codec import decode_labels
from segmentation_node.media.images import read_labels, write_image
from segmentation_node.pipeline import Segmenter
from segmentation_node.pipeline.view import View

SMALL = ("--network-size", "96x160")


def test_a_folder_is_segmented_as_the_library_does(tmp_path: Path) -> None:
    image = DriveSpec(height=96, width=160, condition="day").drive().frame(0)[0]
    write_image(tmp_path / "in" / "0.png", image)
    words = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *SMALL]
    done = CliRunner().invoke(app, [*words, "--json", str(tmp_path / "figures.json")])
    assert done.exit_code == 0, done.output
    labels = read_labels(tmp_path / "out" / "labels" / "0.png")
    with Segmenter.load(network_size="96x160") as segmenter:
        np.testing.assert_array_equal(labels, segmenter(image).labels)
    assert set(np.unique(labels)) <= {label.id for label in CAMVID_11.labels}
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["frames"], figures["network_size"]) == (1, "96x160")
    assert figures["precision"] in {"bf16", "fp32"}


def test_a_drive_is_rendered_and_segmented_bag_to_bag(tmp_path: Path) -> None:
    drive, out = str(tmp_path / "drive.mcap"), str(tmp_path / "out.mcap")
    options = ["--size", "96x160", "--seconds", "0.1", "--condition", "day"]
    done = CliRunner().invoke(app, ["render", drive, *options])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(app, ["run", drive, "-o", out, *SMALL])
    assert done.exit_code == 0, done.output
    assert "3" in done.output


@pytest.fixture
def network(tmp_path: Path) -> str:
    (tmp_path / "network").mkdir()
    return str(write_network(tmp_path / "network"))


@pytest.fixture
def drives(tmp_path: Path) -> Path:
    for name in ("a.mcap", "b.mcap"):
        write_cameras(tmp_path / "drives" / name, "/cam/compressed", make=speckled)
    return tmp_path / "drives"


def labels_in(path: Path) -> np.ndarray:
    with BagReader(path) as bag:
        (topic,) = (name for name in bag.topics if name.endswith("/labels/compressed"))
        message = next(bag.messages([topic]))
        return decode_labels(bytes(typestore().deserialize_cdr(message.data, message.type).data))


def test_a_view_is_taken_as_the_node_takes_it(tmp_path: Path, drives: Path) -> None:
    out, words = tmp_path / "out.mcap", ("--network-size", "64x96")
    run("run", drives / "a.mcap", "-o", out, *words, "--roi", "0,24,64,24")
    labels = labels_in(out)
    assert labels.shape == (48, 64)
    unknown = CAMVID_11.ignore_id
    assert (labels[:24] == unknown).all() and (labels[24:] != unknown).any()
    out = tmp_path / "small.mcap"
    run("run", drives / "a.mcap", "-o", out, *words, "--output-size", "network")
    with Segmenter.load(network_size="64x96", view=View.parse(output_size="network")) as segmenter:
        window = segmenter.window(48, 64)
    assert labels_in(out).shape == (window.height, window.width) != (48, 64)
    out = tmp_path / "merged.mcap"
    run("run", drives / "a.mcap", "-o", out, *words, "--class-map", "camvid11_to_drivable")
    assert len(set(np.unique(labels_in(out)))) <= 4


def test_a_faulty_view_is_an_error_before_anything_is_written(
    drives: Path, network: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match="output_size: 'screen'"):
        run("run", drives, "-o", out, "--model", network, "--output-size", "screen")
    assert not out.exists()


def test_many_bags_are_run_and_a_second_start_has_nothing_to_do(
    drives: Path, network: str, tmp_path: Path
) -> None:
    words = ("run", drives, "-o", tmp_path / "out", "--model", network, "--json", tmp_path / "f")
    done = run(*words)
    assert (done.exit_code, json.loads((tmp_path / "f").read_text())["done"]) == (0, 2)
    done = run(*words)
    figures = json.loads((tmp_path / "f").read_text())
    assert (done.exit_code, figures["skipped"], figures["frames"]) == (0, 2, 0)
    done = run(*words, "--overlay")
    assert json.loads((tmp_path / "f").read_text())["done"] == 2
    assert "options.overlay" in done.stdout


def test_a_failed_bag_is_shown_and_told_by_the_exit_status(
    drives: Path, network: str, tmp_path: Path
) -> None:
    (drives / "a.mcap").write_bytes(b"half a bag")
    report = tmp_path / "report.json"
    done = run("run", drives, "-o", tmp_path / "out", "--model", network, "--json", report)
    assert done.exit_code == 1
    assert "1 done, 0 skipped, 1 failed" in done.stdout
    bags = json.loads(report.read_text())["bags"]
    assert [bag["status"] for bag in bags] == ["failed", "done"]
    assert "damaged" in bags[0]["error"] and bags[1]["error"] is None


def test_one_bag_is_skipped_or_done_again_and_that_is_said(
    drives: Path, network: str, tmp_path: Path
) -> None:
    words = ("run", drives / "a.mcap", "-o", tmp_path / "out.mcap", "--model", network)
    assert "frames per second" in run(*words).stdout
    assert "done before" in run(*words).stdout
    again = run(*words, "--roi", "0,0,64,24").stdout
    assert "done again" in again and "network.roi" in again
    (tmp_path / "out.mcap.run.json").unlink()
    with pytest.raises(OutputError, match="exists already"):
        run(*words)


def test_workers_are_for_bags(tmp_path: Path) -> None:
    write_image(tmp_path / "in.png", np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(ConfigError, match="leave the option out"):
        run("run", tmp_path / "in.png", "-o", tmp_path / "out.png", "--workers", "2")


@pytest.mark.parametrize("option", [("--topic", "/cam"), ("--compress",)])
def test_the_options_of_bags_are_for_bags(tmp_path: Path, option: tuple[str, ...]) -> None:
    write_image(tmp_path / "in.png", np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(ConfigError, match="--topic or --compress for one image"):
        run("run", tmp_path / "in.png", "-o", tmp_path / "out.png", *option)
    assert not (tmp_path / "out.png").exists()


def test_a_bag_in_sqlite3_cannot_be_compressed(drives: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--compress for out\.db3"):
        run("run", drives / "a.mcap", "-o", tmp_path / "out.db3", "--compress")


def wait_until(is_so: Callable[[], bool], deadline_s: float = 120) -> None:
    end = time.monotonic() + deadline_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("crew", [[], ["--workers", "2"]], ids=["one", "workers"])
def test_ctrl_c_leaves_no_half_bags(tmp_path: Path, network: str, crew: list[str]) -> None:
    for name in ("a.mcap", "b.mcap"):
        write_cameras(tmp_path / "in" / name, "/cam/compressed", frames=2000)
    command = [sys.executable, "-m", "segmentation_node.cli.app", "run", str(tmp_path / "in")]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "out"), "--model", network, *crew],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: any((tmp_path / "out").glob(".*.partial/*/*.mcap")))
        # As a terminal does it: to the first process and to all that it has started.
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode not in {0, None}
    assert "Traceback" not in told
    # Nothing of a bag that was under way; one that had come to its end by then may stay.
    left = list((tmp_path / "out").iterdir())
    assert [one for one in left if one.name.startswith(".")] == []
    for bag in (one for one in left if not one.name.endswith(".run.json")):
        with BagReader(bag) as whole:
            assert len([*whole.messages()]) >= 2000
