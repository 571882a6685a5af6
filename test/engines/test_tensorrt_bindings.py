"""Every name that is called exists in every release, with parameters for what is given.

TensorRT for RTX is asked where it is installed. TensorRT's own libraries are large and need a GPU,
but its Python bindings alone can be read: `SEGMENTATION_TENSORRT_BINDINGS` names a folder of wheels
(`pip download --no-deps tensorrt-cu12-bindings==10.3.0`, and the same for 10.13.0.35 and for
tensorrt-cu13-bindings==11.4.0.106). They are loaded against libraries that do nothing.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segmentation_node import engines

WHEELS = "SEGMENTATION_TENSORRT_BINDINGS"

# What is called, and with how many arguments besides self.
CALLS = {
    "Builder.__init__": 1,
    "Builder.create_network": 1,
    "Builder.create_builder_config": 0,
    "Builder.create_optimization_profile": 0,
    "Builder.build_serialized_network": 2,
    "INetworkDefinition.get_input": 1,
    "INetworkDefinition.get_output": 1,
    "INetworkDefinition.get_layer": 1,
    "ILayer.get_input": 1,
    "ILayer.get_output": 1,
    "OnnxParser.__init__": 2,
    "OnnxParser.parse": 2,
    "OnnxParser.get_error": 1,
    "ParserError.node": 0,
    "ParserError.node_name": 0,
    "ParserError.node_operator": 0,
    "ParserError.desc": 0,
    "IOptimizationProfile.set_shape": 4,
    "IBuilderConfig.add_optimization_profile": 1,
    "IBuilderConfig.set_memory_pool_limit": 2,
    "IBuilderConfig.clear_flag": 1,
    "IBuilderConfig.create_timing_cache": 1,
    "IBuilderConfig.set_timing_cache": 2,
    "IBuilderConfig.get_timing_cache": 0,
    "ITimingCache.serialize": 0,
    "IProgressMonitor.phase_start": 3,
    "IProgressMonitor.step_complete": 2,
    "IProgressMonitor.phase_finish": 1,
    "ILogger.log": 2,
    "Runtime.__init__": 1,
    "Runtime.deserialize_cuda_engine": 1,
    "ICudaEngine.create_engine_inspector": 0,
    "ICudaEngine.create_execution_context": 1,
    "ICudaEngine.get_tensor_dtype": 1,
    "ICudaEngine.get_tensor_mode": 1,
    "ICudaEngine.get_tensor_name": 1,
    "ICudaEngine.get_tensor_profile_shape": 2,
    "ICudaEngine.get_tensor_shape": 1,
    "IExecutionContext.execute_async_v3": 1,
    "IExecutionContext.get_tensor_shape": 1,
    "IExecutionContext.set_device_memory": 2,
    "IExecutionContext.set_input_shape": 2,
    "IExecutionContext.set_tensor_address": 2,
    "IProfiler.report_layer_time": 2,
    "EngineInspector.get_engine_information": 1,
}
NAMES = (
    "BuilderFlag.TF32",
    "ExecutionContextAllocationStrategy.STATIC",
    "ExecutionContextAllocationStrategy.USER_MANAGED",
    "LayerInformationFormat.JSON",
    "LayerType.CONVOLUTION",
    "LayerType.DECONVOLUTION",
    "LayerType.DEQUANTIZE",
    "LayerType.MATRIX_MULTIPLY",
    "MemoryPoolType.WORKSPACE",
    "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
    "ProfilingVerbosity.DETAILED",
    "TensorIOMode.INPUT",
    "DataType.FLOAT",
    "DataType.HALF",
    "DataType.BF16",
    "DataType.INT8",
    "DataType.FP8",
    "IBuilderConfig.builder_optimization_level",
    "IBuilderConfig.profiling_verbosity",
    "IBuilderConfig.progress_monitor",
    "ICudaEngine.device_memory_size_v2",
    "ICudaEngine.num_io_tensors",
    "IExecutionContext.profiler",
    "INetworkDefinition.num_inputs",
    "INetworkDefinition.num_outputs",
    "INetworkDefinition.num_layers",
    "ILayer.type",
    "ITensor.name",
    "ITensor.shape",
    "ITensor.dtype",
    "OnnxParser.num_errors",
)
RTX_NAMES = (
    "BuilderFlag.REQUIRE_USER_ALLOCATION",
    "ComputeCapability.SM86",
    "DynamicShapesKernelSpecializationStrategy.EAGER",
    "IBuilderConfig.num_compute_capabilities",
    "IRuntimeConfig.dynamic_shapes_kernel_specialization_strategy",
)
RTX_CALLS = {
    "IBuilderConfig.set_compute_capability": 2,
    "IBuilderConfig.set_flag": 1,
    "ICudaEngine.create_runtime_config": 0,
    "IRuntimeConfig.set_execution_context_allocation_strategy": 1,
}

ASK = """
import importlib, json, sys
module, names = sys.argv[1], json.loads(sys.argv[2])
api = importlib.import_module(module)
answers = {"version": api.__version__}
for name in names:
    found = api
    for part in name.split("."):
        found = getattr(found, part, None)
    answers[name] = None if found is None else (found.__doc__ or "")
print(json.dumps(answers))
"""
STAND_IN = "".join(
    f"void *{symbol}(void) {{ return 0; }}\n"
    for symbol in (
        "createInferBuilder_INTERNAL",
        "createInferRefitter_INTERNAL",
        "createInferRuntime_INTERNAL",
        "createNvOnnxParserRefitter_INTERNAL",
        "createNvOnnxParser_INTERNAL",
        "getBuilderPluginRegistry",
        "getNvOnnxParserVersion",
        "getPluginRegistry",
        "initLibNvInferPlugins",
    )
)
LIBRARIES = ("nvinfer", "nvonnxparser", "nvinfer_plugin")


def ask(module: str, names: list[str], **environment: str) -> dict[str, str | None]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, module, json.dumps(names)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def parameter_counts(doc: str) -> Iterator[tuple[int, int]]:
    """Fewest and most arguments of each overload, out of pybind's docstring, self left out."""
    for signature in re.findall(r"\w+\(self: ([^)]*)\)", doc):
        given = signature.split(", ")[1:]
        yield sum("=" not in one for one in given), len(given)


def complaints(answers: dict[str, str | None], calls: dict[str, int]) -> list[str]:
    missing = [name for name, doc in answers.items() if doc is None]
    wrong = [
        f"{name} with {count} arguments: {answers[name]}"
        for name, count in calls.items()
        if (counts := list(parameter_counts(answers.get(name) or "")))
        and not any(low <= count <= high for low, high in counts)
    ]
    return missing + wrong


def test_tensorrt_for_rtx_has_every_name() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed")
    calls = {**CALLS, **RTX_CALLS}
    answers = ask("tensorrt_rtx", [*calls, *NAMES, *RTX_NAMES])
    assert complaints(answers, calls) == []


def wheels() -> list[Path]:
    folder = os.environ.get(WHEELS)
    return sorted(Path(folder).glob("tensorrt_*bindings*.whl")) if folder else []


def stand_ins(folder: Path, major: str) -> None:
    source = folder / "stand_in.c"
    source.write_text(STAND_IN)
    for name in LIBRARIES:
        library = f"lib{name}.so.{major}"
        command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", library, source.name]
        subprocess.run(command, cwd=folder, check=True, timeout=60)


@pytest.mark.parametrize("wheel", wheels() or [None], ids=lambda w: w.stem if w else "no wheels")
def test_tensorrt_has_every_name(wheel: Path | None, tmp_path: Path) -> None:
    if wheel is None or shutil.which("cc") is None:
        pytest.skip("TensorRT's bindings are not given, or there is no C compiler")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    version = re.search(r"bindings-(\d+)", wheel.name)
    assert version
    stand_ins(tmp_path, version[1])
    places = {"LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    answers = ask("tensorrt_bindings", [*CALLS, *NAMES], **places)
    print(answers["version"], len(answers) - 1, "names")
    assert complaints(answers, CALLS) == []


def attributes(path: Path) -> Iterator[str]:
    """What a file asks TensorRT's module for: the `Builder` of `api.Builder(...)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            base = ast.unparse(node.value)
            if base == "api" or base.endswith((".api", "_tensorrt.api")):
                yield node.attr


def test_the_table_holds_whatever_the_package_asks_for() -> None:
    files = Path(engines.__file__).parent.glob("tensorrt*.py")
    asked = {name for path in files for name in attributes(path)}
    known = {name.partition(".")[0] for name in (*CALLS, *NAMES, *RTX_NAMES)}
    assert {"Builder", "OnnxParser", "Runtime"} <= asked
    assert asked <= known
