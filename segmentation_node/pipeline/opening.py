"""Opens the pipeline that an engine needs: on the processor, or on a GPU and in its context."""

from __future__ import annotations

import logging

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.cuda.captures import CAPTURES
from segmentation_node.cuda.gpu import Gpu
from segmentation_node.cuda.owned import Owned, free_or_tell
from segmentation_node.cuda.pycuda_gpu import PyCudaGpu
from segmentation_node.engines import BuildWatch, CpuEngine, GpuEngine, open_engine
from segmentation_node.engines.selection import resolve_engine
from segmentation_node.errors import EngineError, FixedBatchError
from segmentation_node.model import Model
from segmentation_node.pipeline.cpu import CpuPipeline
from segmentation_node.pipeline.cuda import CudaPipeline
from segmentation_node.pipeline.view import View

_log = logging.getLogger("segmentation_node")

Pipeline = CpuPipeline | CudaPipeline
"""What segments frames; both have the same methods."""


def open_pipeline(
    model: Model,
    *,
    engine: str = "auto",
    precision: str = "auto",
    size: NetworkSize | None = None,
    view: View | None = None,
    watch: BuildWatch | None = None,
    mapped: bool | None = None,
    batch: int = 1,
) -> Pipeline:
    """Open a network and what is around it; closing the pipeline closes all of it.

    A GPU's context is made before its engine, and is current only while it is used: the pipeline
    may go to another thread.

    Args:
        model: The network.
        engine: As for `open_engine`.
        precision: As for `open_engine`.
        size: As for `open_engine`.
        view: What is seen of the images, and what its results look like; all of them, at their
            own size, where None.
        watch: As for `open_engine`.
        mapped: On a GPU, whether its kernels read and write main memory in place; where None,
            they do if the GPU shares it with the processor. See docs/gpu.md.
        batch: On a GPU, of how many cameras frames may be begun together at most: those of
            pipelines beside it. A network whose layers fix the batch takes one at a time.

    Raises:
        ConfigError: The view merges classes that the network does not have.
        EngineError: No engine can run it as asked, or there is no GPU for it.
        ModelError: The network is damaged, or cannot run at that size.
    """
    # Before the engine, which takes its time and would have to be closed again.
    (view or View()).check(model.labels)
    gpu = None if engine == "auto" and model.align_corners else _gpu_for(engine)
    if gpu is not None and model.align_corners:
        gpu.close()
        raise EngineError(
            received=f"{model.path.name}, whose sidecar says align_corners, on a GPU",
            expected="a network of half-pixel centres: the kernels know no others yet",
            fix="ask for the engine openvino, or export it with align_corners=False",
        )
    if gpu is None:
        plain = open_engine(model, engine="openvino", precision=precision, size=size)
        return _on_cpu(plain.model, plain, view)
    with Owned() as undo:
        undo.callback(free_or_tell, gpu.close)
        with CAPTURES.kept_away(), gpu.current():
            opened = _open_on_gpu(model, precision, size, watch, batch)
        undo.pop_all()
    mapped = gpu.shares_memory if mapped is None else mapped
    return on_gpu(opened.model, opened, view, gpu, mapped=mapped)


def _open_on_gpu(
    model: Model,
    precision: str,
    size: NetworkSize | None,
    watch: BuildWatch | None,
    batch: int,
) -> GpuEngine:
    def open_for(images: int) -> GpuEngine:
        return open_engine(
            model,
            engine="tensorrt",
            precision=precision,
            size=size,
            batch=images,
            watch=watch,
        )

    try:
        return open_for(batch)
    except FixedBatchError as error:
        if batch == 1:
            raise
        _log.warning("%s: cameras take turns on the GPU: %s", model.name, error)
        return open_for(1)


def _gpu_for(engine: str) -> Gpu | None:
    """The GPU that an engine runs on; None for one on the processor."""
    if resolve_engine(engine) == "openvino":
        return None
    try:
        return PyCudaGpu()
    except EngineError as error:
        if engine != "auto":
            raise
        # PyCUDA may be installed and yet not load, such as one made for another CUDA.
        _log.warning("engine auto takes openvino: %s", error)
        return None


def pipeline_on(model: Model, engine: CpuEngine | GpuEngine, view: View | None = None) -> Pipeline:
    """The pipeline for an engine that is open; closing it closes the engine.

    Where there can be none the engine is closed all the same.

    Args:
        model: The network.
        engine: The network on its runtime; one on a GPU was made in the primary context of the
            first GPU.
        view: What is seen of the images, and what its results look like; all of them, at their
            own size, where None.

    Raises:
        ConfigError: The view merges classes that the network does not have.
        EngineError: There is no GPU for it.
    """
    if not isinstance(engine, GpuEngine):
        return _on_cpu(model, engine, view)
    try:
        gpu = PyCudaGpu()
    except BaseException:
        free_or_tell(engine.close)
        raise
    return on_gpu(model, engine, view, gpu)


def on_gpu(
    model: Model,
    engine: GpuEngine,
    view: View | None,
    gpu: Gpu,
    *,
    mapped: bool = False,
    graphs: bool = True,
) -> CudaPipeline:
    """The pipeline for an engine on a GPU; where there can be none, both are closed.

    Args:
        model: The network.
        engine: The network on its runtime, made in the GPU's context.
        view: As for `open_pipeline`.
        gpu: The GPU.
        mapped: As for `CudaPipeline`.
        graphs: As for `CudaPipeline`.

    Raises:
        ConfigError: The view merges classes that the network does not have.
    """
    try:
        return CudaPipeline(model, engine, view, gpu=gpu, mapped=mapped, graphs=graphs)
    except BaseException:
        with Owned() as undo:
            undo.callback(free_or_tell, gpu.close)
            undo.callback(free_or_tell, lambda: _close_on(gpu, engine))
        raise


def _close_on(gpu: Gpu, engine: GpuEngine) -> None:
    with gpu.current():
        engine.close()


def _on_cpu(model: Model, engine: CpuEngine, view: View | None) -> CpuPipeline:
    try:
        return CpuPipeline(model, engine, view)
    except BaseException:
        free_or_tell(engine.close)
        raise
