"""The pipelines that share an engine on a GPU, and the executions that they share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from segmentation_node.core.frame import Frame
from segmentation_node.cuda.captures import CAPTURES
from segmentation_node.cuda.owned import Owned, free_or_tell
from segmentation_node.errors import EngineError
from segmentation_node.pipeline.buffers import Buffers, Outputs
from segmentation_node.pipeline.depth import check_under_way
from segmentation_node.pipeline.gpu_camera import SLOTS
from segmentation_node.pipeline.gpu_cameras import GpuCameras
from segmentation_node.pipeline.gpu_execution import execute
from segmentation_node.pipeline.gpu_job import UnderWay
from segmentation_node.pipeline.gpu_parts import GpuParts
from segmentation_node.pipeline.gpu_run import GpuRun


class Member(Protocol):
    """A pipeline, as those beside it see it."""

    @property
    def cameras(self) -> GpuCameras:
        """What it keeps for the kinds of its images."""

    @property
    def under_way(self) -> deque[UnderWay]:
        """Its frames that were begun and not finished, the first one first."""

    def bring(
        self, frame: Frame, outputs: Outputs, into: Buffers | None, run: GpuRun, begun_s: float
    ) -> UnderWay:
        """Fill a frame in, as one of a run that began at a time."""

    def begin_together(self, frames: Sequence[Together]) -> list[Exception | None]:
        """Enqueue frames of pipelines beside each other together."""

    def shut(self) -> None:
        """Take no frames any more."""


class Together(NamedTuple):
    """A frame of a batch.

    Args:
        member: The pipeline of its camera.
        frame: The camera image.
        outputs: What to make besides the labels; colour alone by default.
        into: Memory to write to; new memory where None.
    """

    member: Member
    frame: Frame
    outputs: Outputs = Outputs()
    into: Buffers | None = None


class GpuFamily:
    """What one engine's pipelines have in common: they are closed together, and may go together.

    Args:
        parts: What they share.
    """

    def __init__(self, parts: GpuParts) -> None:
        self._parts = parts
        self.members: list[Member] = []
        """Every pipeline of the engine."""
        self._runs: deque[GpuRun] = deque()

    def settle(self) -> None:
        """Wait until nothing is under way, whatever became of it."""
        for member in self.members:
            for job in member.under_way:
                job.run.settle()

    def begin(self, frames: Sequence[Together]) -> list[Exception | None]:
        """Enqueue frames of several cameras as one execution; the GPU's context is current.

        Args:
            frames: One of each camera, no more than the engine takes.

        Returns:
            For each why it is not under way; None where it is. A frame that cannot be read keeps
            no other one from it, and what the engine refuses is the failure of all.

        Raises:
            EngineError: There are too many, one is of another engine, or the executions before are
                not finished.
        """
        self._check(frames)
        run = self._free_run()
        begun_s = time.perf_counter()
        brought = [_bring(one, run, begun_s) for one in frames]
        jobs = [job for job in brought if isinstance(job, UnderWay)]
        failure = self._execute(jobs)
        for one, job in zip(frames, brought, strict=True):
            if isinstance(job, UnderWay) and failure is None:
                one.member.under_way.append(job)
        return [job if isinstance(job, Exception) else failure for job in brought]

    def close(self) -> None:
        """Free engine, pipelines and GPU, after what is under way."""
        for member in self.members:
            member.shut()
        with Owned() as owned:
            owned.callback(free_or_tell, self._parts.gpu.close)
            owned.callback(free_or_tell, self._free)

    def _free(self) -> None:
        with CAPTURES.kept_away(), self._parts.gpu.current(), Owned() as owned:
            owned.callback(self._parts.engine.close)
            for run in self._runs:
                owned.keep(run)
            for member in self.members:
                owned.keep(member.cameras)

    def _execute(self, jobs: Sequence[UnderWay]) -> Exception | None:
        if not jobs:
            return None
        try:
            execute(self._parts, jobs, self.settle)
        except Exception as error:
            return error
        self._runs.rotate(-1)
        return None

    def _check(self, frames: Sequence[Together]) -> None:
        if not {id(one.member) for one in frames} <= set(map(id, self.members)):
            raise EngineError(
                received="a camera of another engine in an execution",
                expected="cameras beside each other",
                fix="make them with `beside`, or begin them one after the other",
            )
        most = min(self._parts.engine.batch, len({id(one.member) for one in frames}))
        if len(frames) > most:
            raise EngineError(
                received=f"{len(frames)} frames at a time",
                expected=f"at most {self._parts.engine.batch}, each of another camera",
                fix="begin them one after the other",
            )

    def _free_run(self) -> GpuRun:
        while len(self._runs) < SLOTS:
            self._runs.append(self._parts.make_run(self._parts.engine.batch))
        run = self._runs[0]
        busy = {job.run for member in self.members for job in member.under_way}
        check_under_way(SLOTS if run in busy else 0, SLOTS - 1)
        return run


def _bring(one: Together, run: GpuRun, begun_s: float) -> UnderWay | Exception:
    try:
        return one.member.bring(one.frame, one.outputs, one.into, run, begun_s)
    except Exception as error:
        # It is told of this frame alone: those beside it go on.
        return error
