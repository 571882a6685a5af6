from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from segmentation_node.cli.app import app
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.demo.drive_spec import DriveSpec
from segmentation_node.media.images import read_labels, write_image
from segmentation_node.pipeline import Segmenter

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
