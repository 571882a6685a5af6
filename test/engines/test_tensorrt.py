"""The engine on a GPU, against a stand-in for TensorRT: what is bound, run, checked and freed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_tensorrt import ORIN, PLAN, LayerType, fake_tensorrt, layer, tensor
from small_network import write_network

from segmentation_node.engines import GpuEngine, tensorrt_engines, tensorrt_execution
from segmentation_node.engines.build_watch import BuildWatch
from segmentation_node.engines.cache import EngineStore
from segmentation_node.engines.tensorrt import TensorRtEngine
from segmentation_node.engines.tensorrt_flavour import FLAVOURS
from segmentation_node.engines.tensorrt_machine import Machine
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError, ModelError
from segmentation_node.model import Model, load_model

HERE = Machine(ORIN, versions={"tensorrt": "10.3.0"})
STREAM, INPUT, OUTPUT, MEMORY = 7, 0x1000, 0x2000, 0x3000

Open = Callable[..., TensorRtEngine]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Any:
    tensorrt, module = fake_tensorrt()
    monkeypatch.setattr(tensorrt_engines, "load_tensorrt", lambda _: tensorrt)
    return module


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


@pytest.fixture
def open_it(api: Any, model: Model, tmp_path: Path) -> Open:
    def opened(watch: BuildWatch | None = None, **asked: Any) -> TensorRtEngine:
        request = BuildRequest(**asked)
        cache = tmp_path / "cache"
        return TensorRtEngine(model, request, cache=cache, watch=watch, machine=HERE)

    return opened


def test_it_says_what_it_is(open_it: Open, tmp_path: Path) -> None:
    with open_it() as engine:
        assert (engine.name, engine.runtime) == ("tensorrt", "TensorRT 10.3.0")
        assert engine.device == "Orin (compute capability 8.7)"
        assert (engine.input.name, engine.input.shape) == ("image", (1, 3, 64, 96))
        assert (engine.output.shape, engine.output.dtype) == ((1, 4, 8, 12), "float32")
        assert (engine.batch, engine.memory_bytes) == (1, 3_000_000)
        (plan,) = (tmp_path / "cache").glob("*.plan")
        assert engine.plan_bytes == plan.stat().st_size


def test_it_is_an_engine_on_a_gpu_by_the_protocol(open_it: Open) -> None:
    with open_it() as engine:
        assert isinstance(engine, GpuEngine)


def test_a_folder_that_cannot_be_written_costs_the_cache_and_not_the_engine(
    open_it: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").touch()
    watch = BuildWatch()
    open_it(watch).close()
    assert "the engine is used and not kept: received" in caplog.text
    assert "; not kept: " in watch.outcome


def test_layers_that_cannot_be_read_cost_the_precision_and_not_the_engine(
    api: Any, open_it: Open, caplog: pytest.LogCaptureFixture
) -> None:
    api.inspection = '{"Layers": ['
    with open_it() as engine:
        assert engine.precision == "fp32"
        engine.enqueue(STREAM, INPUT, OUTPUT)
    assert "precision fp32 is that of the network: received layers that cannot" in caplog.text


def test_the_precision_is_asked_of_the_engine(api: Any, open_it: Open) -> None:
    half = '{"Name": "c", "Inputs": [{"DataType": "Half"}], "Outputs": [{"DataType": "Half"}]}'
    api.inspection = '{"Layers": [' + half + "]}"
    with open_it() as engine:
        assert engine.precision == "fp16"


def test_a_plan_that_does_not_say_runs_as_its_network_is_typed(open_it: Open) -> None:
    with open_it() as engine:
        assert engine.precision == "fp32"


def test_addresses_are_bound_once_and_again_only_when_they_change(api: Any, open_it: Open) -> None:
    with open_it() as engine:
        engine.enqueue(STREAM, INPUT, OUTPUT)
        engine.enqueue(STREAM, INPUT, OUTPUT)
        engine.enqueue(STREAM, INPUT, OUTPUT + 64)
    run = ("execute", STREAM)
    assert api.calls == [
        *(("bind", "image", INPUT), ("bind", "logits", OUTPUT), run),
        run,
        *(("bind", "logits", OUTPUT + 64), run),
    ]


def test_a_failed_run_quotes_the_log_and_the_engine_can_still_be_closed(
    api: Any, open_it: Open
) -> None:
    with open_it() as engine:
        api.refuses = {"execute"}
        with pytest.raises(EngineError, match=r"TensorRT 10\.3\.0 .*\(an illegal memory access"):
            engine.enqueue(STREAM, INPUT, OUTPUT)


def test_an_address_that_was_refused_is_given_again(api: Any, open_it: Open) -> None:
    with open_it() as engine:
        api.refuses = {"bind"}
        with pytest.raises(EngineError, match="giving 'image' the address 0x1000"):
            engine.enqueue(STREAM, INPUT, OUTPUT)
        api.refuses, api.calls = set(), []
        engine.enqueue(STREAM, INPUT, OUTPUT)
        assert api.calls[0] == ("bind", "image", INPUT)


def test_closing_frees_context_then_engine_then_runtime_and_twice_is_safe(
    api: Any, open_it: Open
) -> None:
    engine = open_it()
    api.freed.clear()
    engine.close()
    engine.close()
    assert api.freed == ["context", "engine", "runtime"]
    with pytest.raises(EngineError, match="a closed engine"):
        engine.enqueue(STREAM, INPUT, OUTPUT)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The driver's part in the memory that contexts share: what was asked, and what it answers."""
    done, refused = SimpleNamespace(name="CUDA_SUCCESS"), SimpleNamespace(name="OUT_OF_MEMORY")
    driver = SimpleNamespace(CUresult=SimpleNamespace(CUDA_SUCCESS=done), calls=[], is_full=False)

    def allocate(size: int) -> tuple[Any, ...]:
        driver.calls.append(("allocate", size))
        return (refused, None) if driver.is_full else (done, MEMORY)

    def free(address: int) -> tuple[Any, ...]:
        driver.calls.append(("free", address))
        return (done,)

    driver.cuMemAlloc, driver.cuMemFree = allocate, free
    monkeypatch.setattr(tensorrt_execution, "load_driver", lambda: driver)
    return driver


def test_a_batch_of_cameras_is_one_engine_for_any_number_of_them(
    api: Any, memory: Any, open_it: Open
) -> None:
    api.tensors = [tensor("image", (3, 3, 64, 96)), tensor("logits", (3, 4, 8, 12))]
    with open_it(batch=3) as engine:
        assert engine.batch == 3
        assert (engine.input.shape, engine.output.shape) == ((1, 3, 64, 96), (1, 4, 8, 12))
        shape = (3, 3, 64, 96)
        assert api.config.profiles[0].shapes["image"] == ((1, 3, 64, 96), shape, shape)
        # Each number of images has a context whose shape never changes; all share their memory.
        assert api.calls == [("memory", MEMORY)] * 3
        api.calls.clear()
        for images in (2, 3, 1, 2):
            engine.enqueue(STREAM, INPUT, OUTPUT, images)
        runs = [call for call in api.calls if call[0] == "execute"]
        assert runs == [
            ("execute", STREAM, 2),
            ("execute", STREAM, 3),
            ("execute", STREAM),
            runs[0],
        ]
        assert len(api.calls) == 3 * 2 + 4
        for images in (0, 4):
            with pytest.raises(EngineError, match=rf"{images} images at a time; expected 1 to 3"):
                engine.enqueue(STREAM, INPUT, OUTPUT, images)
        api.freed.clear()
    assert api.freed == ["context"] * 3 + ["engine", "runtime"]
    assert memory.calls == [("allocate", 3_000_000), ("free", MEMORY)]


@pytest.mark.parametrize("batch", [1, 3])
def test_for_rtx_kernels_are_compiled_before_a_graph_can_hold_what_stands_in_for_them(
    memory: Any, batch: int
) -> None:
    tensorrt, api = fake_tensorrt()
    api.tensors = [tensor("image", (batch, 3, 64, 96)), tensor("logits", (batch, 4, 8, 12))]
    with LoadedPlan(replace(tensorrt, flavour=FLAVOURS["rtx"]), PLAN) as plan:
        plan.create_context(batch, MEMORY * (batch > 1))
    (config,) = api.runtime_configs
    assert config.dynamic_shapes_kernel_specialization_strategy.name == "EAGER"
    assert config.strategy.name == ("USER_MANAGED" if batch > 1 else "STATIC")


def test_without_memory_that_contexts_can_share_nothing_is_left(
    api: Any, memory: Any, open_it: Open
) -> None:
    memory.is_full = True
    with pytest.raises(EngineError, match=r"no 3 MB of GPU memory \(.* OUT_OF_MEMORY\)"):
        open_it(batch=2)
    assert api.freed == ["engine", "runtime"]


def test_a_context_that_cannot_be_made_gives_the_shared_memory_back(
    api: Any, memory: Any, open_it: Open
) -> None:
    api.refuses = {"context"}
    with pytest.raises(EngineError, match="cannot be started"):
        open_it(batch=2)
    assert memory.calls[-1] == ("free", MEMORY)


@pytest.mark.parametrize(
    ("image", "logits"),
    [
        (tensor("image", (1, 3, 32, 96)), tensor("logits", (1, 4, 8, 12))),
        (tensor("image", (1, 3, 64, 96)), tensor("logits", (1, 4, 4, 6))),
        (tensor("image", (1, 3, 64, 96)), tensor("logits", (1, 4, 8, 12), "INT32")),
    ],
    ids=["size", "stride", "type"],
)
def test_an_engine_that_is_not_what_the_sidecar_says_is_refused_and_freed(
    image: Any, logits: Any, api: Any, open_it: Open
) -> None:
    api.tensors = [image, logits]
    with pytest.raises(ModelError, match=r"stride 8, as small\.yaml says"):
        open_it()
    assert "runtime" in api.freed


def test_a_second_output_is_refused(api: Any, open_it: Open) -> None:
    api.tensors.append(tensor("more", (1, 4, 8, 12)))
    with pytest.raises(ModelError, match="1 inputs and 2 outputs in a plan"):
        open_it()


def test_without_memory_for_it_the_engine_says_how_much_it_needs(api: Any, open_it: Open) -> None:
    api.refuses = {"context"}
    with pytest.raises(EngineError, match=r"\(out of memory\); expected 3 MB of free GPU memory"):
        open_it()
    assert "runtime" in api.freed


def test_a_plan_is_built_once_and_then_comes_from_the_cache(api: Any, open_it: Open) -> None:
    first, second = BuildWatch(), BuildWatch()
    open_it(first).close()
    open_it(second).close()
    assert api.builds == 1
    assert first.outcome == "built in 0 s: no engine of this kind in the cache"
    assert second.outcome.endswith("from the cache")


def test_a_plan_that_tensorrt_refuses_is_built_again_once_and_the_reason_told(
    api: Any, open_it: Open, caplog: pytest.LogCaptureFixture
) -> None:
    open_it().close()
    api.refused_plans = {PLAN}
    api.plan, api.said = PLAN + b"new", ["the plan is for another driver"]
    watch = BuildWatch()
    with caplog.at_level(logging.INFO, "segmentation_node"):
        open_it(watch).close()
    assert api.builds == 2
    assert "cannot load here (the plan is for another driver)" in watch.outcome
    assert "building the engine small fp32 64x96: a plan that" in caplog.text


def test_a_new_plan_that_does_not_load_either_is_an_error_and_not_kept(
    api: Any, open_it: Open, tmp_path: Path
) -> None:
    api.refused_plans = {PLAN}
    with pytest.raises(EngineError, match="cannot load here"):
        open_it()
    assert api.builds == 1
    assert EngineStore(tmp_path / "cache").entries() == []


def test_a_cancelled_watch_begins_no_build(api: Any, open_it: Open) -> None:
    watch = BuildWatch()
    watch.cancel()
    with pytest.raises(EngineError, match="a request to stop before"):
        open_it(watch)
    assert api.builds == 0


def test_the_file_of_the_precision_is_what_is_run(
    api: Any, open_it: Open, model: Model, tmp_path: Path
) -> None:
    half = write_network(tmp_path, name="small.fp16")
    api.layers = [layer(LayerType.CONVOLUTION, "image", "logits", "HALF")]
    with open_it(precision="fp16") as engine:
        assert engine.model.path == half
        assert engine.precision == "fp16"
