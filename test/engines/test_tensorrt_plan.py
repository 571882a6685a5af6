from __future__ import annotations

import pytest
from fake_tensorrt import PLAN, fake_tensorrt

from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.errors import EngineError


def test_a_plan_is_asked_once_it_is_loaded() -> None:
    tensorrt, _ = fake_tensorrt()
    with LoadedPlan(tensorrt, PLAN) as plan:
        assert [found.name for found in plan.layers] == ["conv1"]
        assert plan.names == ("image", "logits")


@pytest.mark.parametrize("keeps_dynamic", [True, False], ids=["any size", "one size"])
def test_a_plan_runs_at_the_one_shape_that_it_was_built_for(keeps_dynamic: bool) -> None:
    tensorrt, api = fake_tensorrt()
    api.keeps_dynamic = keeps_dynamic
    with LoadedPlan(tensorrt, PLAN) as plan:
        context = plan.create_context()
        assert context.shape == (1, 3, 64, 96)
        assert [spec.shape for spec in plan.tensors(context)] == [(1, 3, 64, 96), (1, 4, 8, 12)]


def test_a_shape_that_is_refused_is_not_overlooked() -> None:
    tensorrt, api = fake_tensorrt()
    api.refuses = {"shape"}
    with LoadedPlan(tensorrt, PLAN) as plan, pytest.raises(EngineError, match="engine refuses"):
        plan.create_context()


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
