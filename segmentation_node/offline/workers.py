"""Many bags on one machine: processes, each with an engine of its own and a share of the cores.

Each process is spoken to over a pipe of its own. So when one is killed, for want of memory say,
its bag is known, is reported as failed, and another process takes its place.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import NoReturn, cast

from segmentation_node.errors import SegmentationError
from segmentation_node.offline.bag_segmenter import BagSegmenter
from segmentation_node.offline.job import Request
from segmentation_node.offline.meter import Meter
from segmentation_node.offline.opening import Opening
from segmentation_node.offline.outcome import Outcome, lost

_END_S = 20.0
"""How long a process may take to leave its bag and end, in seconds."""


def run_with_workers(
    requests: Sequence[Request], opening: Opening, workers: int, meter: Meter
) -> Iterator[Outcome]:
    """Segment bags, several at a time; yield what became of each, in the order of their ends.

    Args:
        requests: The bags.
        opening: How to load the network.
        workers: How many at a time.
        meter: Told how far they are.

    Raises:
        SegmentationError: The network cannot be loaded.
    """
    count = min(workers, len(requests))
    shared = replace(opening, threads=threads_each(count))
    crew = _Crew(requests, shared, meter)
    try:
        for _ in range(count):
            crew.hire()
        while crew.is_busy:
            yield from crew.next_outcomes()
    finally:
        crew.dismiss()


def threads_each(workers: int) -> int:
    """How many threads each of some processes may compute with."""
    return max(1, len(os.sched_getaffinity(0)) // workers)


@dataclass
class _Worker:
    """A process, the pipe to it, and the bag that it has, as an index."""

    process: SpawnProcess
    pipe: Connection
    bag: int | None = None


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C for a moment, and so for good in a process that is started in it.

    A terminal sends it to every process. The first one ends the others; one that is still importing
    would end itself, with a traceback.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say so, and only it gets the signal
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Crew:
    """The processes, and the bags that nobody has yet."""

    def __init__(self, requests: Sequence[Request], opening: Opening, meter: Meter) -> None:
        self._requests = requests
        self._opening = opening
        self._meter = meter
        self._waiting = deque(range(len(requests)))
        self._hired: list[_Worker] = []
        self._busy: dict[Connection, _Worker] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a bag is under way."""
        return bool(self._busy)

    def hire(self) -> None:
        """Start a process, with the next bag."""
        spawn = get_context("spawn")
        ours, theirs = spawn.Pipe()
        # What the network's load has to say, one of them may say.
        arguments = (theirs, self._opening, bool(self._hired))
        process = spawn.Process(target=_work, args=arguments, daemon=True)
        with _deaf_to_ctrl_c():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._hired.append(worker)
        self._busy[ours] = worker
        self._give_next(worker)

    def next_outcomes(self) -> list[Outcome]:
        """Wait until a process says something; give the bags that have come to their ends."""
        speaking = cast("list[Connection]", wait(list(self._busy)))
        heard = (self._hear(self._busy[pipe]) for pipe in speaking)
        return [outcome for outcome in heard if outcome is not None]

    def dismiss(self) -> None:
        """End all processes; one that has a bag leaves nothing of it behind."""
        for worker in self._hired:
            if worker.bag is not None:
                worker.process.terminate()
            worker.pipe.close()
        for worker in self._hired:
            _end(worker.process)

    def _hear(self, worker: _Worker) -> Outcome | None:
        try:
            said = worker.pipe.recv()
        except (EOFError, ConnectionError):
            return self._replace(worker)
        if isinstance(said, SegmentationError):
            raise said
        bag = cast("int", worker.bag)
        if isinstance(said, Outcome):
            self._meter.ended(bag, said.frames)
            self._give_next(worker)
            return said
        self._meter.moved(bag, *said)
        return None

    def _give_next(self, worker: _Worker) -> None:
        """Hand a process the next bag; where there is none, it ends as its pipe is closed."""
        worker.bag = None
        if not self._waiting:
            del self._busy[worker.pipe]
            worker.pipe.close()
            return
        bag = self._waiting.popleft()
        try:
            worker.pipe.send(self._requests[bag])
            worker.bag = bag
        except ConnectionError:
            # It has just died; that is noticed when it is listened to.
            self._waiting.appendleft(bag)

    def _replace(self, worker: _Worker) -> Outcome | None:
        """Put another process in the place of one that has died."""
        del self._busy[worker.pipe]
        _end(worker.process)
        bag, worker.bag = worker.bag, None
        if self._waiting:
            self.hire()
        if bag is None:
            return None
        self._meter.ended(bag, 0)
        return lost(self._requests[bag], f"its process ended with {worker.process.exitcode}")


def _end(process: SpawnProcess) -> None:
    """Wait for the end of a process that has nothing left to do, and make it end if it does not."""
    process.join(_END_S)
    if process.is_alive():
        process.kill()
        process.join()


def _work(pipe: Connection, opening: Opening, is_quiet: bool) -> None:
    """What a process does: segment the bags that come through its pipe until that is closed."""
    # Ctrl-C goes to all processes of a terminal; the first one then ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    if is_quiet:
        logging.getLogger("segmentation_node").setLevel(logging.ERROR)
    try:
        with BagSegmenter(opening) as segmenter, suppress(EOFError, ConnectionError):
            while True:
                request = pipe.recv()
                outcome = segmenter.attempt(request, lambda *at: pipe.send(at))
                pipe.send(outcome)
    except SegmentationError as error:
        pipe.send(error)


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)
