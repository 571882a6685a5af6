"""TensorRT for RTX itself, whose parser and builder need no GPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from small_network import onnx_bytes, write_network

from segmentation_node.engines.cache import EngineStore
from segmentation_node.engines.tensorrt_cached import cached_engines
from segmentation_node.engines.tensorrt_engines import EngineFile, build_engine, obtain_engine
from segmentation_node.engines.tensorrt_flavour import load_tensorrt
from segmentation_node.engines.tensorrt_machine import Machine
from segmentation_node.engines.tensorrt_plan import LoadedPlan
from segmentation_node.engines.tensorrt_progress import BuildProgress
from segmentation_node.engines.tensorrt_request import BuildRequest
from segmentation_node.errors import EngineError, FixedBatchError, ModelError, OutputError
from segmentation_node.model import load_model

pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed")

MAGIC = b"vtrt"
NO_GPU = Machine(None, "no GPU here", {"rtx": load_tensorrt("rtx").version})
SM86 = BuildRequest(flavour="rtx", target="SM86")


def build(folder: Path, request: BuildRequest = SM86, onnx: bytes | None = None) -> EngineFile:
    model = load_model(write_network(folder, onnx))
    return build_engine(model, request, cache=folder / "cache", machine=NO_GPU)


def test_a_network_is_built_for_a_gpu_that_is_not_here(tmp_path: Path) -> None:
    made = build(tmp_path)
    assert made.path.read_bytes().startswith(MAGIC)
    manifest = made.obtained.manifest
    assert (manifest.key.target, manifest.key.shape) == ("SM86", (1, 3, 64, 96))
    assert manifest.layers == {"fp32": 1}
    assert made.obtained.is_new
    assert not build(tmp_path).obtained.is_new


def test_what_is_built_is_listed_with_why_it_does_not_run_here(tmp_path: Path) -> None:
    made = build(tmp_path)
    (found,) = cached_engines(EngineStore(tmp_path / "cache"), NO_GPU)
    assert (found.entry.name, found.why_not) == (made.obtained.manifest.key.name, "no GPU here")


def test_without_a_target_or_a_gpu_the_plan_is_portable(tmp_path: Path) -> None:
    made = build(tmp_path, BuildRequest(flavour="rtx", workspace_mib=64, level=0, tf32=True))
    assert made.path.read_bytes().startswith(MAGIC)
    assert made.obtained.manifest.key.made_for == "portable"


BATCH = BuildRequest(batch=3, flavour="rtx", target="SM86")


def test_a_network_of_one_image_is_built_for_a_batch(tmp_path: Path) -> None:
    made = build(tmp_path, BATCH)
    assert made.obtained.manifest.key.shape == (3, 3, 64, 96)
    assert made.path.read_bytes().startswith(MAGIC)


@pytest.mark.parametrize(("batch", "fixes"), [(1, True), (-1, False)])
def test_a_layer_that_fixes_the_batch_is_found_by_the_parser(
    batch: int, fixes: bool, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    network = onnx.load_from_string(onnx_bytes(size=(64, 96)))
    network.graph.node[-1].output[0] = "flat"
    shape = np.array([batch, 4, 8, 12], np.int64)
    network.graph.initializer.append(onnx.numpy_helper.from_array(shape, "shape"))
    reshape = onnx.helper.make_node("Reshape", ["flat", "shape"], ["logits"])
    network.graph.node.append(reshape)
    model = load_model(write_network(tmp_path, network.SerializeToString(), height=64, width=96))
    with pytest.raises(FixedBatchError) if fixes else nullcontext():
        build_engine(model, BATCH, cache=tmp_path / "cache", machine=NO_GPU)


def test_a_quantised_onnx_is_int8_and_nothing_else(tmp_path: Path) -> None:
    quantised = onnx_bytes(quantised=True)
    made = build(tmp_path, BuildRequest("int8", flavour="rtx", target="SM86"), quantised)
    assert made.obtained.manifest.layers == {"int8": 1}
    with pytest.raises(ModelError, match="an ONNX in int8"):
        build(tmp_path, SM86, quantised)


def test_the_int8_onnx_beside_a_model_is_the_one_that_is_built(tmp_path: Path) -> None:
    write_network(tmp_path, onnx_bytes(quantised=True), "small.int8")
    made = build(tmp_path, BuildRequest("int8", flavour="rtx", target="SM86"))
    assert made.obtained.manifest.model_file == "small.int8.onnx"


def test_a_float32_onnx_is_not_fp16(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"1 in fp32.*segmentation quantize"):
        build(tmp_path, BuildRequest("fp16", flavour="rtx"))


def test_an_operator_that_nobody_knows_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"node 0.*a Cxnv, in small\.onnx"):
        build(tmp_path, onnx=onnx_bytes().replace(b"Conv", b"Cxnv"))


def test_a_network_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"small\.yaml says"):
        build(tmp_path, onnx=onnx_bytes(classes=5))
    with pytest.raises(ModelError, match="1 inputs and 2 outputs"):
        build(tmp_path, onnx=onnx_bytes(outputs=2))
    with pytest.raises(ModelError, match=r"logits of 1x4x4x6 for an input of 1x3x64x96"):
        build(tmp_path, onnx=onnx_bytes(stride=16))


def test_progress_goes_from_phase_to_phase_to_the_end(tmp_path: Path) -> None:
    said: list[tuple[float, str]] = []
    progress = BuildProgress(lambda fraction, phase: said.append((fraction, phase)))
    model = load_model(write_network(tmp_path))
    build_engine(model, SM86, cache=tmp_path / "cache", progress=progress, machine=NO_GPU)
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len({phase for _, phase in said}) > 2


def test_a_cancelled_build_leaves_nothing(tmp_path: Path) -> None:
    steps: list[str] = []

    def report(_: float, phase: str) -> None:
        steps.append(phase)
        if len(steps) == 5:
            progress.cancel()

    progress = BuildProgress(report)
    model = load_model(write_network(tmp_path))
    with pytest.raises(EngineError, match="a request to stop the build"):
        build_engine(model, SM86, cache=tmp_path / "cache", progress=progress, machine=NO_GPU)
    assert list((tmp_path / "cache").iterdir()) == []


def test_ctrl_c_ends_a_build_and_leaves_nothing(tmp_path: Path) -> None:
    pressed = threading.Event()

    def report(*_: object) -> None:
        if not pressed.is_set():
            pressed.set()
            os.kill(os.getpid(), signal.SIGINT)
        # The builder stays at this step until the main thread has seen the key.
        while not progress.is_cancelled and time.monotonic() < deadline:
            time.sleep(0.01)

    deadline = time.monotonic() + 60
    progress = BuildProgress(report)
    model = load_model(write_network(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        build_engine(model, SM86, cache=tmp_path / "cache", progress=progress, machine=NO_GPU)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_killed_builder_leaves_no_plan_and_no_lock(tmp_path: Path) -> None:
    write_network(tmp_path)
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from segmentation_node.engines.tensorrt_engines import build_engine\n"
        "from segmentation_node.engines.tensorrt_progress import BuildProgress\n"
        "from segmentation_node.engines.tensorrt_request import BuildRequest\n"
        "from segmentation_node.model import load_model\n"
        "folder = Path(sys.argv[1])\n"
        "build_engine(load_model(folder / 'small.onnx'),\n"
        "    BuildRequest(flavour='rtx', target='SM86'), cache=folder / 'cache',\n"
        "    progress=BuildProgress(lambda *_: os.kill(os.getpid(), signal.SIGKILL)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert not list((tmp_path / "cache").glob("*.plan*"))
    assert build(tmp_path).obtained.is_new


def test_a_damaged_plan_is_built_again(tmp_path: Path) -> None:
    first = build(tmp_path)
    whole = first.path.read_bytes()
    first.path.write_bytes(whole[:100])
    again = build(tmp_path)
    assert again.obtained.reason == f"a plan of 100 bytes where {len(whole)} were written"
    assert again.path.stat().st_size == len(whole)


def test_building_into_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(OutputError, match="--cache"):
        build(tmp_path)


def test_a_plan_that_is_wanted_on_a_gpu_is_not_loaded_without_one(tmp_path: Path) -> None:
    model = load_model(write_network(tmp_path))
    with pytest.raises(EngineError, match="cannot load here"):
        obtain_engine(model, SM86, LoadedPlan, cache=tmp_path / "cache", machine=NO_GPU)
    assert list((tmp_path / "cache").iterdir()) == []
