"""The whole measurement, from opening the network to the figures."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.gpu.cameras import (
    IN_TURNS,
    TOGETHER,
    in_turns,
    time_cameras,
    together,
)
from benchmarks.gpu.measure import (
    OUTPUTS,
    Figures,
    Plan,
    noise_frames,
    time_calls,
    time_steps,
    time_stream,
)
from benchmarks.gpu.plain_torch import PlainTorch
from benchmarks.gpu.roofline import Bandwidths, Traffic
from benchmarks.gpu.torch_engine import TorchEngine
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.cuda.pycuda_gpu import PyCudaGpu
from segmentation_node.engines import GpuEngine, open_engine
from segmentation_node.errors import FixedBatchError
from segmentation_node.model import Model, TensorSpec, load_model
from segmentation_node.pipeline.cuda import CudaPipeline
from segmentation_node.pipeline.opening import on_gpu

CAMERAS = (1, 2, 4)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What is measured, and on what.

    Args:
        model: Name of a shipped model, or path of an .onnx file.
        network_size: Size of its input; the model's default where None.
        engine: `tensorrt` or `torch`.
        precision: `fp32` or `fp16`; for TensorRT also `int8`, and `auto`.
        mapped: Whether kernels read and write main memory in place.
        plan: How often, and at what size.
    """

    model: str
    network_size: NetworkSize | None
    engine: str
    precision: str
    mapped: bool
    plan: Plan


def run(settings: Settings, tell: Tell) -> dict[str, Any]:
    """Measure everything.

    Args:
        settings: What is measured.
        tell: Is told what is measured next.

    Returns:
        All figures, and what they depend on.

    Raises:
        EngineError: There is no GPU, or no such engine for it.
        ModelError: The network is missing or faulty.
    """
    model = load_model(settings.model)
    with opened(settings, model) as pipeline:
        figures = _about(settings, pipeline)
        tell("memory bandwidth")
        bandwidths = Bandwidths.measure()
        figures["bandwidth_gb_s"] = asdict(bandwidths)
        tell("frames as CUDA graphs")
        whole, steps = time_steps(pipeline, settings.plan)
        least = _traffic(pipeline, settings.plan).least_ms(bandwidths)
        figures |= {"segment_ms": whole, "steps_ms": steps, "least_ms": dict(least)}
        figures["launches"] = pipeline.launches
        figures["stream_ms"] = time_stream(pipeline, settings.plan)
        figures["cameras_ms"] = dict(_cameras(pipeline, settings, model, tell))
    with opened(settings, model, graphs=False) as pipeline:
        tell("frames call by call")
        figures["plain_enqueue_ms"], figures["plain_enqueue_steps_ms"] = time_steps(
            pipeline, settings.plan
        )
        size = pipeline.network_size
    tell("plain PyTorch in FP16")
    figures["plain_torch_ms"] = _plain_torch(model, size, settings.plan)
    return figures


@contextmanager
def opened(
    settings: Settings, model: Model, graphs: bool = True, batch: int = 1
) -> Iterator[CudaPipeline]:
    """The pipeline on the engine that is asked for, closed at the end.

    Args:
        settings: What is measured.
        model: The network.
        graphs: Whether to enqueue frames as CUDA graphs.
        batch: How many images the engine is to take at most.
    """
    gpu = PyCudaGpu()
    try:
        with gpu.current():
            engine = _engine(settings, model, batch)
    except BaseException:
        gpu.close()
        raise
    with on_gpu(engine.model, engine, None, gpu, mapped=settings.mapped, graphs=graphs) as pipeline:
        pipeline.warm_up(settings.plan.camera.height, settings.plan.camera.width, OUTPUTS)
        yield pipeline


def _engine(settings: Settings, model: Model, batch: int) -> GpuEngine:
    if settings.engine == "torch":
        precision = "fp16" if settings.precision == "auto" else settings.precision
        return TorchEngine(model, settings.network_size, precision, batch)
    return open_engine(
        model,
        engine="tensorrt",
        precision=settings.precision,
        size=settings.network_size,
        batch=batch,
    )


def _cameras(
    pipeline: CudaPipeline, settings: Settings, model: Model, tell: Tell
) -> Iterator[tuple[str, Mapping[str, Figures]]]:
    camera = settings.plan.camera
    for count in CAMERAS:
        tell(f"{count} cameras, in turns and together")
        rounds = {IN_TURNS: in_turns(_beside(pipeline, count, camera), camera)}
        try:
            # Each on the engine that the node opens for it: of one image, and of one per camera.
            with opened(settings, model, batch=count) as batched:
                rounds[TOGETHER] = together(_beside(batched, count, camera), camera)
                times = time_cameras(rounds, settings.plan)
        except FixedBatchError as error:
            tell(f"{count} cameras in turns alone: {error}")
            times = time_cameras(rounds, settings.plan)
        yield str(count), times


def _beside(pipeline: CudaPipeline, count: int, camera: NetworkSize) -> list[CudaPipeline]:
    pipelines = [pipeline, *(pipeline.beside() for _ in range(count - 1))]
    for one in pipelines:
        one.warm_up(camera.height, camera.width, OUTPUTS)
    return pipelines


def _plain_torch(model: Model, size: NetworkSize, plan: Plan) -> dict[str, float]:
    plain, frames = PlainTorch(model, size), noise_frames(plan.camera)
    return time_calls(lambda number: plain(frames[number % len(frames)].array), plan)


def _traffic(pipeline: CudaPipeline, plan: Plan) -> Traffic:
    pixels = plan.camera.height * plan.camera.width
    engine = pipeline.engine
    return Traffic(
        image=3 * pixels,
        input=_bytes_of(engine.input),
        logits=_bytes_of(engine.output),
        results=(1 + 3) * pixels,
    )


def _bytes_of(spec: TensorSpec) -> int:
    return int(np.prod([size or 1 for size in spec.shape])) * np.dtype(spec.dtype).itemsize


def _about(settings: Settings, pipeline: CudaPipeline) -> dict[str, Any]:
    engine = pipeline.engine
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "device": engine.device,
        "engine": f"{engine.name} ({engine.runtime})",
        "precision": engine.precision,
        "model": engine.model.name,
        "network_size": str(pipeline.network_size),
        "camera": f"{settings.plan.camera} bgr8",
        "memory": pipeline.gpu_memory,
        "frames": settings.plan.frames,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "cuda": str(torch.version.cuda),
    }
