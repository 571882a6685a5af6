"""Enqueues the frames of one execution: to the engine, through it, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation_node.pipeline.gpu_job import UnderWay
from segmentation_node.pipeline.gpu_parts import GpuParts, shape_of
from segmentation_node.pipeline.gpu_run import GpuRun, Mark


def execute(parts: GpuParts, frames: Sequence[UnderWay], settle: Callable[[], None]) -> None:
    """Enqueue frames that share a run as one execution of the engine, and return at once.

    Args:
        parts: What the cameras share.
        frames: Those that were filled in, one at least, each of another camera.
        settle: Waits for the other frames that are under way.

    Raises:
        EngineError: CUDA or the engine refuses; nothing of the frames is under way then.
    """
    run = frames[0].run
    run.renew()
    key = tuple(frame.key for frame in frames)
    try:
        for frame in frames:
            frame.slot.prepare(frame.outputs)
        # Asked once: what keeps captures away may end on another thread.
        may_capture = run.graphs.will_capture(key)
        if may_capture:
            settle()
        else:
            parts.turn.take(run)
        run.graphs.run(key, lambda: _enqueue(parts, run, frames), may_capture)
    except BaseException:
        run.settle()
        raise
    parts.turn.begun(run)


def logits_of(parts: GpuParts, frame: UnderWay) -> NDArray[np.float32]:
    """Run the network alone, and wait for it.

    Args:
        parts: What the cameras share.
        frame: One that was filled in.

    Returns:
        (C, h, w) float32 logits, the caller's own.

    Raises:
        EngineError: CUDA or the engine refuses.
    """
    run, spec = frame.run, parts.engine.output
    run.renew()
    try:
        parts.turn.take(run)
        _infer(parts, run, [frame])
        run.logits.to_host(run.stream)
    finally:
        run.wait()
    return run.logits.array.view(spec.dtype).reshape(shape_of(spec)).astype(np.float32)


def _enqueue(parts: GpuParts, run: GpuRun, frames: Sequence[UnderWay]) -> None:
    _infer(parts, run, frames)
    for index, frame in enumerate(frames):
        frame.camera.decide(frame.slot, run, index, frame.outputs)
    run.mark(Mark.DECIDED)
    for frame in frames:
        for result in frame.slot.results(frame.outputs).values():
            result.to_host(run.stream)
    run.mark(Mark.COPIED_OUT)


def _infer(parts: GpuParts, run: GpuRun, frames: Sequence[UnderWay]) -> None:
    run.mark(Mark.BEGUN)
    for frame in frames:
        frame.slot.image.to_gpu(run.stream)
    run.mark(Mark.COPIED_IN)
    for index, frame in enumerate(frames):
        frame.camera.prepare(frame.slot, run, index)
    run.mark(Mark.PREPARED)
    parts.engine.enqueue(run.stream.handle, run.input_of(0), run.logits_of(0), len(frames))
    run.mark(Mark.INFERRED)
