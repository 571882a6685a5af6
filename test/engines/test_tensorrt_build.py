"""Building, against a stand-in for TensorRT that notes what it is asked, and says what it must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_tensorrt import (
    ORIN,
    PLAN,
    BuilderFlag,
    LayerType,
    MemoryPoolType,
    fake_tensorrt,
    layer,
    parser_error,
)
from small_network import write_network

from segmentation_node.engines.cache import EngineKey
from segmentation_node.engines.tensorrt_build import PlanBuilder, engine_key
from segmentation_node.engines.tensorrt_flavour import FLAVOURS, TensorRt
from segmentation_node.engines.tensorrt_machine import Machine
from segmentation_node.engines.tensorrt_progress import BuildProgress
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError, FixedBatchError, ModelError
from segmentation_node.model import Model, load_model

HERE = Machine(ORIN, versions={"tensorrt": "10.3.0"})
NOWHERE = Machine(None, "no GPU here: no driver")


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


@pytest.fixture
def library() -> tuple[TensorRt, Any]:
    return fake_tensorrt()


def key(tensorrt: TensorRt, model: Model, **changes: Any) -> EngineKey:
    return engine_key(tensorrt, HERE, model, BuildRequest(**changes))


def test_the_builder_is_asked_for_what_the_key_says(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    asked = key(tensorrt, model, workspace_mib=64, level=5)
    built = PlanBuilder(tensorrt, model, asked).build()
    assert (built.plan, built.layers) == (PLAN, {"fp32": 1})
    assert api.flags == 1 << 1
    config = api.config
    assert config.builder_optimization_level == 5
    assert config.profiling_verbosity.name == "DETAILED"
    assert config.pools == {MemoryPoolType.WORKSPACE: 64 << 20}
    shape = (1, 3, 64, 96)
    assert config.profiles[0].shapes == {"image": (shape, shape, shape)}


@pytest.mark.parametrize(("tf32", "cleared"), [(False, [BuilderFlag.TF32]), (True, [])])
def test_fp32_is_fp32_unless_tf32_is_asked_for(
    tf32: bool, cleared: list[BuilderFlag], library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    PlanBuilder(tensorrt, model, key(tensorrt, model, tf32=tf32)).build()
    assert api.config.cleared == cleared


@pytest.mark.parametrize(
    ("layers", "precision"),
    [
        ([layer(LayerType.CONVOLUTION, "image", "logits", "HALF")], "fp16"),
        ([layer(LayerType.CONVOLUTION, "image", "logits", "BF16")], "bf16"),
        ([layer(LayerType.ACTIVATION, "image", "logits", "HALF")], "fp32"),
        (
            [
                layer(LayerType.QUANTIZE, "image", "whole", "INT8"),
                layer(LayerType.DEQUANTIZE, "whole", "back"),
                layer(LayerType.CONVOLUTION, "back", "middle", "HALF"),
                layer(LayerType.DECONVOLUTION, "middle", "logits", "HALF"),
            ],
            "int8",
        ),
    ],
    ids=["half", "bfloat16", "nothing with weights", "quantised but for its last layer"],
)
def test_the_precision_is_that_of_the_layers_with_weights(
    layers: list[Any], precision: str, library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.layers = layers
    other = "int8" if precision != "int8" else "fp16"
    with pytest.raises(ModelError, match=f"an ONNX in {precision} .*; expected one in {other}"):
        PlanBuilder(tensorrt, model, key(tensorrt, model, precision=other)).build()


def test_a_float32_onnx_is_told_how_to_become_another(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, _ = library
    wanted = r"quantize --model \S+small\.onnx --precision fp16$"
    with pytest.raises(ModelError, match=wanted):
        PlanBuilder(tensorrt, model, key(tensorrt, model, precision="fp16")).build()


def test_a_parser_error_names_node_operator_and_reason(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.errors = [
        parser_error(7, "Einsum", "no importer", "/head/mix"),
        parser_error(9, "Loop", ""),
    ]
    with pytest.raises(ModelError) as caught:
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()
    assert caught.value.received == (
        "node 7 '/head/mix', a Einsum, in small.onnx that TensorRT 10.3.0 cannot build "
        "(no importer, and 1 more)"
    )


def test_a_file_that_is_no_onnx_is_told_as_a_whole(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.errors = [parser_error(-1, "", "Failed to parse\nthe ONNX model.")]
    with pytest.raises(ModelError, match=r"cannot read \(Failed to parse the ONNX model\.\)"):
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()


def test_an_onnx_without_outputs_is_refused(library: tuple[TensorRt, Any], model: Model) -> None:
    tensorrt, api = library
    api.outputs = 0
    with pytest.raises(ModelError, match=r"1 inputs and 0 outputs in small\.onnx"):
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()


@pytest.mark.parametrize("exported", [1, -1], ids=["for one image", "for any batch"])
def test_a_network_is_built_for_a_batch_of_images(
    exported: int, library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.batch = exported
    PlanBuilder(tensorrt, model, key(tensorrt, model, batch=2)).build()
    shape = (2, 3, 64, 96)
    assert api.config.profiles[0].shapes == {"image": ((1, 3, 64, 96), shape, shape)}
    assert api.network.get_input(0).shape == (-1, 3, 64, 96)


@pytest.mark.parametrize(("flavour", "batch"), [("rtx", 2), ("rtx", 1), ("tensorrt", 2)])
def test_a_batch_by_tensorrt_for_rtx_can_be_captured(
    flavour: str, batch: int, library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt = replace(library[0], flavour=FLAVOURS[flavour])
    api = library[1]
    PlanBuilder(tensorrt, model, key(library[0], model, batch=batch)).build()
    # With an open axis it would allocate while it runs, which no CUDA graph can hold.
    wanted = [BuilderFlag.REQUIRE_USER_ALLOCATION] if (flavour, batch) == ("rtx", 2) else []
    assert api.config.flags == wanted


def test_the_network_itself_gets_the_one_shape(library: tuple[TensorRt, Any], model: Model) -> None:
    tensorrt, api = library
    PlanBuilder(tensorrt, model, key(tensorrt, model)).build()
    assert api.network.get_input(0).shape == (1, 3, 64, 96)


def test_another_stride_than_the_sidecars_is_found_before_the_build(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.stride = 16
    with pytest.raises(ModelError, match=r"1x4x4x6 for an input of 1x3x64x96.*stride 8"):
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()
    assert api.builds == 0


def test_a_batch_that_a_layer_fixes_is_refused(library: tuple[TensorRt, Any], model: Model) -> None:
    tensorrt, api = library
    api.fixes_batch = True
    with pytest.raises(FixedBatchError, match=r"a batch of 2 .*; expected a batch of 1"):
        PlanBuilder(tensorrt, model, key(tensorrt, model, batch=2)).build()


def test_a_profile_that_is_refused_is_not_overlooked(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.refuses_profile = True
    with pytest.raises(EngineError, match=r"the input shape 1x3x64x96, which .* refuses"):
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()


def test_a_build_that_gives_nothing_quotes_the_log(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.plan, api.said = None, ["a warning", "no tactic for /conv", "out of memory"]
    with pytest.raises(EngineError, match=r"\(no tactic for /conv; out of memory\)"):
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()


def test_a_builder_that_does_not_start_quotes_the_log(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, api = library
    api.starts = False
    with pytest.raises(EngineError, match=r"could not start \(no CUDA device\)"):
        PlanBuilder(tensorrt, model, key(tensorrt, model)).build()


def test_a_cancelled_build_says_that_it_was(library: tuple[TensorRt, Any], model: Model) -> None:
    tensorrt, api = library
    progress = BuildProgress()

    def during(monitor: Any) -> None:
        monitor.phase_start("build", None, 2)
        progress.cancel()
        api.plan = PLAN if monitor.step_complete("build", 0) else None
        monitor.phase_finish("build")

    api.during = during
    with pytest.raises(EngineError, match="a request to stop the build"):
        PlanBuilder(tensorrt, model, key(tensorrt, model), progress=progress).build()


def test_timings_are_kept_for_the_next_build(
    library: tuple[TensorRt, Any], model: Model, tmp_path: Path
) -> None:
    tensorrt, _ = library
    for _ in range(2):
        PlanBuilder(tensorrt, model, key(tensorrt, model), tmp_path / "cache").build()
    (file,) = (tmp_path / "cache").iterdir()
    assert file.name.startswith("tensorrt-10.3.0-")
    assert file.read_bytes() == b"+measured+measured"
    file.write_bytes(b"foreign")
    PlanBuilder(tensorrt, model, key(tensorrt, model), tmp_path / "cache").build()
    assert file.read_bytes() == b"+measured"


def test_timings_that_cannot_be_kept_cost_no_engine(
    library: tuple[TensorRt, Any], model: Model, tmp_path: Path
) -> None:
    tensorrt, _ = library
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "cache"
    assert PlanBuilder(tensorrt, model, key(tensorrt, model), folder).build().plan == PLAN


def test_timings_are_not_written_where_others_can(
    library: tuple[TensorRt, Any], model: Model, tmp_path: Path
) -> None:
    tensorrt, _ = library
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    assert PlanBuilder(tensorrt, model, key(tensorrt, model), folder).build().plan == PLAN
    assert not list(folder.iterdir())


def test_tensorrt_needs_the_gpu_that_will_run_the_engine(
    library: tuple[TensorRt, Any], model: Model
) -> None:
    tensorrt, _ = library
    with pytest.raises(EngineError, match=r"no GPU here: no driver.*--flavour rtx builds without"):
        engine_key(tensorrt, NOWHERE, model, BuildRequest())
    with pytest.raises(EngineError, match="no target, since it builds for the GPU of this machine"):
        engine_key(tensorrt, HERE, model, BuildRequest(target="SM86"))


def rtx() -> TensorRt:
    """TensorRT for RTX, as far as it names the GPUs that it builds for."""
    _, api = fake_tensorrt()
    api.ComputeCapability = type("CC", (), {"__members__": {"SM86": 0, "SM87": 0, "CURRENT": 0}})
    return TensorRt(FLAVOURS["rtx"], api, "1.7.1")


@pytest.mark.parametrize(
    ("machine", "asked", "target"),
    [
        (NOWHERE, "", "portable"),
        (NOWHERE, "SM86", "SM86"),
        (HERE, "", "SM87"),
        (HERE, "portable", "portable"),
    ],
    ids=["no GPU", "asked for", "the GPU here", "portable asked for"],
)
def test_rtx_builds_for_a_target(machine: Machine, asked: str, target: str, model: Model) -> None:
    made = engine_key(rtx(), machine, model, BuildRequest(target=asked))
    assert (made.target, made.gpu) == (target, None)


def test_a_target_that_rtx_does_not_name_is_refused(model: Model) -> None:
    with pytest.raises(EngineError, match="SM86, SM87, portable"):
        engine_key(rtx(), NOWHERE, model, BuildRequest(target="SM90"))
