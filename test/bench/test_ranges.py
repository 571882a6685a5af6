from __future__ import annotations

from math import nan
from types import SimpleNamespace

import pytest

from segmentation_node.bench.ranges import check_above, check_least
from segmentation_node.errors import ConfigError

SETTINGS = SimpleNamespace(frames=3, rest_s=0.0, rate_hz=nan)


def test_settings_in_their_range_are_accepted() -> None:
    check_least(SETTINGS, 0, "frames", "rest_s")
    check_above(SETTINGS, 2, "frames")


@pytest.mark.parametrize("name", ["rest_s", "rate_hz"])
def test_a_setting_out_of_its_range_is_named_with_its_value(name: str) -> None:
    value = getattr(SETTINGS, name)
    with pytest.raises(ConfigError) as least:
        check_least(SETTINGS, 1, "frames", name)
    assert str(least.value) == f"received {name}: {value}; expected 1 or more; fix: correct {name}"
    with pytest.raises(ConfigError, match=f"{name}: {value}; expected more than 0"):
        check_above(SETTINGS, 0, "frames", name)
