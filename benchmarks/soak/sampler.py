"""What a process holds, once a second: memory, open files and threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from segmentation_node.closing import Closing

PERIOD_S = 1.0


@dataclass(frozen=True)
class Sample:
    """What a process held at one moment.

    Args:
        at_s: When, seconds of the monotonic clock.
        rss_mib: Resident memory, the shared pages that it touched among it, MiB.
        private_mib: The same without the shared pages, MiB.
        files: Open file descriptors.
        threads: Threads.
    """

    at_s: float
    rss_mib: float
    private_mib: float
    files: int
    threads: int


class Sampler(Closing):
    """Samples a process on a thread of its own until it is closed, or the process has ended.

    Args:
        pid: The process.
        period_s: Seconds between two samples.
    """

    def __init__(self, pid: int, period_s: float = PERIOD_S) -> None:
        self._process, self._period_s = psutil.Process(pid), period_s
        self._samples: list[Sample] = []
        self._error: Exception | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    @property
    def samples(self) -> list[Sample]:
        """All of them so far, in their order.

        Raises:
            Exception: What ended the sampling before its time.
        """
        if self._error is not None:
            raise self._error
        return list(self._samples)

    def close(self) -> None:
        """Take no more samples."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            due_s += self._period_s
            try:
                self._samples.append(_sample(self._process))
            except psutil.Error:  # it has ended
                return
            except Exception as error:
                self._error = error
                return


def _sample(process: psutil.Process) -> Sample:
    with process.oneshot():
        memory = process.memory_info()
        shared = getattr(memory, "shared", 0)
        return Sample(
            at_s=time.monotonic(),
            rss_mib=memory.rss / 2**20,
            private_mib=(memory.rss - shared) / 2**20,
            files=process.num_fds(),
            threads=process.num_threads(),
        )


def between(samples: Sequence[Sample], begin_s: float, end_s: float) -> list[Sample]:
    """Those of a stretch of time, by the monotonic clock."""
    return [one for one in samples if begin_s <= one.at_s <= end_s]
