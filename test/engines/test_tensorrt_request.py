from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_network import write_network

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.model import load_model


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"precision": "half"}, "fp32, fp16, int8"),
        ({"batch": 0}, "1 to 64"),
        ({"level": 6}, "0 .* to 5"),
        ({"workspace_mib": 0}, "1 MiB"),
        ({"target": "sm86"}, "SM86, or portable"),
    ],
)
def test_values_out_of_range_say_the_range(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        BuildRequest(**change)


def test_the_shape_is_the_size_asked_for_or_the_models_own(tmp_path: Path) -> None:
    model = load_model(write_network(tmp_path))
    assert BuildRequest().shape_for(model) == (1, 3, 64, 96)
    asked = BuildRequest(size=NetworkSize(32, 64), batch=2)
    assert asked.shape_for(model) == (2, 3, 32, 64)


def test_a_size_that_the_network_cannot_take_is_refused(tmp_path: Path) -> None:
    model = load_model(write_network(tmp_path))
    with pytest.raises(ModelError, match="multiples of 32"):
        BuildRequest(size=NetworkSize(50, 96)).shape_for(model)
