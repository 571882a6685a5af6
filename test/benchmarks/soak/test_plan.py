from __future__ import annotations

import pytest

from benchmarks.soak.plan import Plan
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError


def test_the_camera_changes_to_sizes_that_it_does_not_have() -> None:
    usual, *others = Plan(camera=NetworkSize(480, 640)).sizes
    assert usual == NetworkSize(480, 640)
    assert others == [NetworkSize(1080, 1920)]


def test_a_soak_may_begin_at_once_and_fuzz_nothing() -> None:
    assert Plan(warm_up_s=0.0, fuzz_runs=0).warm_up_s == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("seconds", 0.0), ("rate_hz", float("nan")), ("rounds", 0), ("warm_up_s", -1.0)],
)
def test_a_setting_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{name}: .*(or more|more than)"):
        Plan(**{name: value})
