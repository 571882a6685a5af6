"""What is known of a build while it goes on: for the log, the diagnostics, and whoever ends it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segmentation_node.engines.tensorrt_progress import BuildProgress
from segmentation_node.errors import EngineError

_log = logging.getLogger("segmentation_node.tensorrt")


@dataclass(frozen=True)
class BuildState:
    """How far the building of an engine is.

    Args:
        what: What is built, such as `camvid fp16 256x512`.
        reason: Why, in a few words.
        fraction: What is done, from 0 to 1.
        phase: The builder's name of what it is at; who else builds it, while that is waited for.
        seconds: Since it began.
    """

    what: str
    reason: str
    fraction: float
    phase: str
    seconds: float

    def __str__(self) -> str:
        return f"building the engine: {self.fraction:.0%} after {self.seconds:.0f} s ({self.phase})"


@dataclass(frozen=True)
class _Build:
    what: str
    reason: str
    begun_s: float


class BuildWatch:
    """Follows the engines that are built one after the other; usable from any thread.

    A watch that was cancelled stays so: no further build begins.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._build: _Build | None = None
        self._progress = BuildProgress()
        self._phase = ""
        self._cancelled = False
        self._is_wanted: Callable[[], bool] = _always
        self._outcome = ""

    @property
    def state(self) -> BuildState | None:
        """The build that is under way; None where there is none."""
        with self._lock:
            build, phase, fraction = self._build, self._phase, self._progress.fraction
        if build is None:
            return None
        seconds = time.monotonic() - build.begun_s
        return BuildState(build.what, build.reason, fraction, phase, seconds)

    @property
    def outcome(self) -> str:
        """How the latest engine was come by: out of the cache, or built, and why."""
        return self._outcome

    @property
    def is_cancelled(self) -> bool:
        """Whether building was asked to stop, or what is built is not wanted any more."""
        return self._cancelled or not self._is_wanted()

    def cancel(self) -> None:
        """Ask the build to stop; it does after the step that it is at."""
        with self._lock:
            self._cancelled = True
            self._progress.cancel()

    @contextmanager
    def while_wanted(self, is_wanted: Callable[[], bool]) -> Iterator[None]:
        """Build only as long as something is wanted, while a block runs.

        Args:
            is_wanted: Asked from any thread, before each build and after each of its steps; it
                does not change its mind.
        """
        self._is_wanted = is_wanted
        try:
            yield
        finally:
            self._is_wanted = _always

    def progress(self) -> BuildProgress:
        """What the next builder reports to.

        Raises:
            EngineError: Building was asked to stop, or is not wanted any more.
        """
        with self._lock:
            if self.is_cancelled:
                raise EngineError(
                    received="a request to stop before an engine was loaded",
                    expected="the engine",
                    fix="start again",
                )
            self._progress = BuildProgress(self._report, self._is_wanted)
            self._phase = "beginning"
            return self._progress

    def begin(self, what: str, reason: str) -> None:
        """Note that an engine is built now, and why."""
        with self._lock:
            self._build = _Build(what, reason, time.monotonic())
        _log.info("building the engine %s: %s", what, reason)

    def wait(self, sentence: str) -> None:
        """Note that another process is building the engine."""
        with self._lock:
            self._phase = sentence
            if self._build is None:
                self._build = _Build("", sentence, time.monotonic())
        _log.info("%s", sentence)

    def end(self, outcome: str = "") -> None:
        """Note that the engine is there, or that there will be none.

        Args:
            outcome: How it was come by; empty where there is none.
        """
        with self._lock:
            self._build, self._outcome = None, outcome

    def _report(self, _: float, phase: str) -> None:
        # Called from TensorRT's threads, as often as several thousand times.
        self._phase = phase


def _always() -> bool:
    return True
