from __future__ import annotations

import pytest
from fake_tensorrt import PLAN, fake_tensorrt

from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.errors import EngineError


def test_a_plan_is_asked_once_it_is_loaded() -> None:
    tensorrt, _ = fake_tensorrt()
    with LoadedPlan(tensorrt, PLAN) as plan:
        assert [found.name for found in plan.layers] == ["conv1"]
        assert [spec.name for spec in plan.tensors] == ["image", "logits"]


def test_a_plan_that_does_not_load_quotes_the_log_and_leaves_no_runtime() -> None:
    tensorrt, api = fake_tensorrt()
    api.loads = False
    api.said = ["the engine plan file is generated on an incompatible device"]
    with pytest.raises(EngineError, match=r"cannot load here \(the engine plan file is generated"):
        LoadedPlan(tensorrt, PLAN)
    assert api.freed == ["runtime"]


def test_the_engine_goes_before_the_runtime_that_made_it() -> None:
    tensorrt, api = fake_tensorrt()
    plan = LoadedPlan(tensorrt, PLAN)
    plan.close()
    plan.close()
    assert api.freed == ["engine", "runtime"]
    with pytest.raises(EngineError, match="a closed engine"):
        _ = plan.memory_bytes
