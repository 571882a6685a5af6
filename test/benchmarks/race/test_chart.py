"""The pictures of a race."""

from __future__ import annotations

from pathlib import Path

from made_up_race import race, result

from benchmarks.race.chart import draw_profile, draw_race
from benchmarks.race.profile import PARTS
from segmentation_node.media.images import read_image


def test_a_race_is_drawn_course_by_course(tmp_path: Path) -> None:
    figures = race()
    draw_race(tmp_path / "two.png", figures)
    silent = result("naive", 1.0, rate_hz=7.0, sent=4, labels=[], colors=0)
    draw_race(tmp_path / "three.png", {**figures, "results": [*figures["results"], silent]})
    two, three = (read_image(tmp_path / f"{name}.png") for name in ("two", "three"))
    assert three.shape[0] > two.shape[0]


def test_the_parts_of_a_way_are_drawn_one_after_the_other(tmp_path: Path) -> None:
    parts = {name: {"mean": 2.0, "p95": 3.0} for name in PARTS}
    node = {"model": "m", "network_size": "64x96", "precision": "fp32", "device": "a CPU"}
    about = {"camera": "720x1280", "rate_hz": 30.0, "frames": 9, "node": node}
    draw_profile(tmp_path / "profile.png", {**about, "parts": parts})
    drawn = read_image(tmp_path / "profile.png")
    # Each bar begins where the one before it ended: blue moves to the right, from top to bottom.
    bars = drawn[:, :, 0].astype(int) - drawn[:, :, 2] > 40
    rows = [row for row in range(len(bars)) if bars[row].sum() > 20]
    first, last = (float(bars[row].nonzero()[0].mean()) for row in (rows[0], rows[-1]))
    assert last > first + 100
