from __future__ import annotations

import json
from pathlib import Path

import pytest

from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.errors import ConfigError


def test_frames_are_shared_out_among_rounds_and_rounded_up() -> None:
    assert Plan(frames=300, rounds=10).frames_per_turn == 30
    assert Plan(frames=7, rounds=5).frames_per_turn == 2


def test_settings_are_plain_values_without_paths() -> None:
    found = Plan(images=Path("home/me/drive")).to_mapping()
    assert json.loads(json.dumps(found))["camera"] == "720x1280"
    assert found["images"] == "drive"
    assert Plan().to_mapping()["images"] == "rendered"


@pytest.mark.parametrize(
    ("name", "value"),
    [("frames", 0), ("rounds", 0), ("turn_s", -1.0), ("period_s", 0.0), ("idle_s", float("nan"))],
)
def test_a_setting_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{name}: .*or more"):
        Plan(**{name: value})
