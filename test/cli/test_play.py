from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_bags import write_bag
from typer.testing import CliRunner

from segmentation_node.cli.app import app


def play(*words: str):
    return CliRunner().invoke(app, ["play", *words])


@pytest.mark.dds
def test_a_bag_is_played_and_what_was_sent_is_told(tmp_path: Path, domain_id: int) -> None:
    bag, figures = str(write_bag(tmp_path / "a.mcap")), tmp_path / "figures.json"
    options = ("--topics", "/count,/camera/image_raw/compressed", "--wait", "0")
    done = play(bag, "--rate", "10", *options, "--json", str(figures))
    assert done.exit_code == 0, done.output
    assert "6 messages" in done.output
    assert json.loads(figures.read_text())["sent"] == 6


@pytest.mark.dds
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["none.mcap"], "does not exist"),
        (["a.mcap", "--clock", "--restamp"], "one of them"),
        (["a.mcap", "--rate", "0"], "the rate 0"),
        (["a.mcap", "--topics", "/nope"], "the topic /nope"),
    ],
)
def test_what_cannot_be_played_is_one_line(
    tmp_path: Path, domain_id: int, monkeypatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_bag(tmp_path / "a.mcap")
    done = play(*options)
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("error:")]
    assert said in line
    assert "Traceback" not in done.output
