"""How far a build is, and how it is ended.

TensorRT reports phases within phases, each with a number of steps, from any of its threads, and
asks after each step whether to go on.
Source: TensorRT Python API, IProgressMonitor.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from segmentation_node.engines.tensorrt_flavour import TensorRt

_log = logging.getLogger("segmentation_node.tensorrt")

_WAKE_S = 0.2

T = TypeVar("T")


@dataclass
class _Phase:
    parent: str | None
    steps: int
    done: int = 0


class BuildProgress:
    """How far a build is; may be read and cancelled from any thread.

    Args:
        report: Told what is done and which phase is under way, whenever that changes: the fraction
            from 0 to 1, which never falls, and TensorRT's name of the phase. It is called from the
            builder's threads.
        is_wanted: Asked after each step, from these threads too: whether to go on.
    """

    def __init__(
        self,
        report: Callable[[float, str], None] = lambda *_: None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._report = report
        self._is_wanted = is_wanted
        self._phases: dict[str, _Phase] = {}
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._fraction = 0.0

    @property
    def fraction(self) -> float:
        """What is done, from 0 to 1."""
        return self._fraction

    @property
    def is_cancelled(self) -> bool:
        """Whether the build was asked to stop, or its engine is not wanted any more."""
        return self._cancelled.is_set() or not self._is_wanted()

    def cancel(self) -> None:
        """Ask the build to stop; it does after the step that it is at."""
        self._cancelled.set()

    def start_phase(self, name: str, parent: str | None, steps: int) -> None:
        """Note that a phase begins."""
        with self._lock:
            self._phases[name] = _Phase(parent, max(1, steps))
        self._tell(name)

    def complete_step(self, name: str, step: int) -> bool:
        """Note that a step is done; whether to go on."""
        with self._lock:
            phase = self._phases.get(name)
            if phase is not None:
                phase.done = min(phase.steps, step + 1)
        self._tell(name)
        return not self.is_cancelled

    def finish_phase(self, name: str) -> None:
        """Note that a phase has ended, with all of its steps or not."""
        with self._lock:
            phase = self._phases.pop(name, None)
            if phase is not None and phase.parent is None and not self.is_cancelled:
                self._fraction = 1.0
        self._tell(name)

    def _tell(self, name: str) -> None:
        with self._lock:
            self._fraction = max(self._fraction, self._done())
        try:
            self._report(self._fraction, name)
        except Exception:
            # An exception would pass through TensorRT's C++ and end the process.
            _log.exception("the report of a build's progress failed")
            self.cancel()

    def _done(self) -> float:
        """Add up the phases: a phase is worth one step of the phase that it belongs to."""
        total = 0.0
        for phase in self._phases.values():
            part, parent = phase.done / phase.steps, phase.parent
            while parent is not None and parent in self._phases:
                part /= self._phases[parent].steps
                parent = self._phases[parent].parent
            total += part
        return min(total, 1.0)


def progress_monitor(tensorrt: TensorRt, progress: BuildProgress) -> Any:
    """Make TensorRT's own monitor; it must live as long as the build."""
    base = tensorrt.api.IProgressMonitor
    methods = {
        "phase_start": lambda _, name, parent, steps: progress.start_phase(name, parent, steps),
        "step_complete": lambda _, name, step: progress.complete_step(name, step),
        "phase_finish": lambda _, name: progress.finish_phase(name),
    }
    return type("ProgressMonitor", (base,), methods)()


def interruptible(work: Callable[[], T], progress: BuildProgress) -> T:
    """Run a build so that Ctrl-C ends it: cleanly, after the step that it is at.

    Python raises KeyboardInterrupt in the main thread only, and in the middle of TensorRT's C++ it
    must not be raised; so the build runs beside the main thread, which waits.

    Args:
        work: The build; it is given `progress` by its maker.
        progress: It is cancelled on Ctrl-C.

    Raises:
        KeyboardInterrupt: The build was interrupted; it has ended.
    """
    result: Future[T] = Future()
    thread = threading.Thread(target=_run, args=(work, result), name="build")
    try:
        _start(thread)
        # Waited for piece by piece: a signal that another library's thread takes wakes nobody.
        while not result.done():
            wait([result], timeout=_WAKE_S)
        return result.result()
    except KeyboardInterrupt:
        progress.cancel()
        wait([result])
        raise


def _run(work: Callable[[], T], result: Future[T]) -> None:
    try:
        result.set_result(work())
    except BaseException as error:  # what it is, is for the waiting thread to say
        result.set_exception(error)


def _start(thread: threading.Thread) -> None:
    """Start a thread that SIGINT never reaches, and that Ctrl-C cannot leave half started."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
