"""The machine behind the node: frames wait, are computed, and are published, each on its thread.

    submit ──▶ inbox ──▶ computing thread ──▶ outbox ──▶ publishing thread
    (caller)   (fair     (owns the engine)               (the result of frame N-1 goes out
                turns)                                    while frame N is computed)

Each camera has slots (sets of output buffers) of its own, as sizes differ. Of all cameras together
one frame is computed while the one before it is published. A frame is taken from the inbox only
when it can be begun at once, so in the mode `latest` it is the newest one of its camera.

Where work goes on by itself once it is begun, as on a GPU, frame N+1 is begun while N is under way
and N-1 goes out: if one waits, and not before a frame that is done has been handed over. So no
frame of a camera that is slower than the machine waits for another one.

Where an engine computes frames of several cameras in one execution, those of one moment are begun
together; for a late one they wait a moment. A result that is there goes out meanwhile.

A frame that fails is lost alone. An error that comes from nowhere near a frame ends both threads:
`failure` keeps it, and no frame is taken any more.

Nothing here knows ROS; what is done with a frame is a `Job`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from segmentation_node.errors import FrameError
from segmentation_node.pipeline.computing import Computing, Taken, attempt
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.gathering import Gathering, Turn
from segmentation_node.pipeline.inbox import Inbox
from segmentation_node.pipeline.job import Job

Item = TypeVar("Item")
Slot = TypeVar("Slot")

_GLANCE_S = 0.5e-3
"""How long a result that is there may go unnoticed while a late camera is waited for."""


class Worker(Generic[Item, Slot]):
    """Runs a job over the items handed to it, until it is closed.

    It starts paused. Every method may be called from any thread but the worker's own, and in any
    state: closing twice, or pausing what was never started, does nothing.

    Args:
        job: What is done with each item.
        slots: The sets of output buffers of each camera: of use is one more than the job's depth,
            as one goes out.
        mode: `latest` keeps one waiting item of each camera and replaces it; `every` keeps all.
        queue_size: With `every`, how many items of each camera may wait.
        on_room: Called (computing thread) when a full inbox has room again.
        on_failure: Called (the thread that failed) when the worker has failed for good.
        gathering: Which frames are begun together, where the job takes several; none where None.
    """

    def __init__(
        self,
        job: Job[Item, Slot],
        slots: Sequence[Sequence[Slot]],
        mode: str = "latest",
        queue_size: int = 10,
        on_room: Callable[[], None] | None = None,
        gathering: Gathering[Item] | None = None,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        self._job = job
        self._inbox: Inbox[Item] = Inbox(len(slots), mode, queue_size, gathering)
        self._on_room = on_room or (lambda: None)
        self._on_failure = on_failure or (lambda: None)
        self._free = [list(of_camera) for of_camera in slots]
        self._under_way = 0
        # Of these the computing thread alone knows.
        self._computing = Computing(job, self._hand_over, self._give_up)
        self._done: deque[Taken[Item, Slot]] = deque()
        self._between: deque[Callable[[], None]] = deque()
        self._counts = [Counts() for _ in slots]
        self._changed = threading.Condition()
        self._running = self._closing = self._computed = False
        self._opened = threading.Event()
        self._open_error: BaseException | None = None
        self._failure: BaseException | None = None
        self._threads: list[threading.Thread] = []

    @property
    def counts(self) -> Sequence[Counts]:
        """What became of the frames of each camera so far."""
        return tuple(self._counts)

    @property
    def failure(self) -> BaseException | None:
        """Why the threads ended though nobody closed the worker; None while they run."""
        return self._failure

    @property
    def has_ended(self) -> bool:
        """Whether the computing thread does nothing any more, be it that it failed."""
        return self._computed

    def has_room(self, camera: int = 0) -> bool:
        """Whether `submit` would return at once."""
        return self._inbox.has_room(camera)

    def start(self, meanwhile: Callable[[], None] = lambda: None, period_s: float = 1.0) -> None:
        """Start the threads and wait until the job is open.

        Args:
            meanwhile: Called again and again while that takes its time, by the caller's thread.
            period_s: Seconds between two of these calls.

        Raises:
            Exception: Whatever `Job.open` raised; the worker is closed then.
        """
        self._threads = [
            threading.Thread(target=self._compute_all, name="compute"),
            threading.Thread(target=self._publish_all, name="publish"),
        ]
        for thread in self._threads:
            thread.start()
        while not self._opened.wait(period_s):
            meanwhile()
        if self._open_error is not None:
            self.close()
            raise self._open_error

    def resume(self) -> None:
        """Take items from now on; a worker that has failed takes none."""
        with self._changed:
            self._running = self._failure is None
            self._changed.notify_all()

    def pause(self) -> None:
        """Take no more items, drop those that wait, and return when none is under way."""
        with self._changed:
            self._running = False
            for camera, dropped in enumerate(self._inbox.clear()):
                self._count(camera, skipped=dropped)
            self._changed.notify_all()
            # What is under way when the worker fails is never done.
            self._changed.wait_for(
                lambda: not self._under_way or self._failure is not None or not self._alive
            )

    def between_frames(self, action: Callable[[], None]) -> None:
        """Have something done on the computing thread while no item is under way, paused or not.

        It returns at once. What is still to be done when the worker closes is done then, before
        the job is closed. An action that raises is logged, and the frames go on. Once the worker
        `has_ended` nothing is done any more.
        """
        with self._changed:
            self._between.append(action)
            self._changed.notify_all()

    def close(self) -> None:
        """Pause, close the job and end the threads."""
        self.pause()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def submit(self, item: Item, camera: int = 0) -> bool:
        """Hand over one item; with the mode `every`, wait while the inbox is full.

        Returns:
            Whether the item was taken; False when the worker is, or gets, paused.
        """
        with self._changed:
            self._count(camera, received=1)
            self._changed.wait_for(lambda: self.has_room(camera) or not self._running)
            if not self._running:
                self._count(camera, skipped=1)
                return False
            replaced = self._inbox.put(item, camera, time.monotonic())
            self._count(camera, skipped=replaced)
            self._changed.notify_all()
        return True

    def refuse(self, camera: int = 0) -> None:
        """Count one frame that could not even be made an item."""
        with self._changed:
            self._count(camera, received=1, malformed=1)

    def leave_out(self, camera: int = 0) -> None:
        """Count one frame above the rate limit."""
        with self._changed:
            self._count(camera, received=1, limited=1)

    @property
    def _alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _count(self, camera: int, **more: int) -> None:
        self._counts[camera] = self._counts[camera].plus(**more)

    def _compute_all(self) -> None:
        try:
            self._job.open()
        except BaseException as error:
            # start() raises it again in its caller's thread.
            self._open_error = error
        else:
            self._opened.set()
            try:
                while (step := self._next_step()) is not None:
                    step()
            except BaseException as error:
                self._fail(error)
        finally:
            attempt(self._job.close, "closing the engine")
            with self._changed:
                self._computed = True
                self._changed.notify_all()
            self._opened.set()

    def _fail(self, error: BaseException) -> None:
        """Note that a thread cannot go on: the other one ends too, and `submit` refuses."""
        with self._changed:
            self._failure = self._failure or error
            self._running, self._closing = False, True
            self._changed.notify_all()
        attempt(self._on_failure, "telling that the worker failed")

    def _next_step(self) -> Callable[[], None] | None:
        """Wait for what the computing thread is to do next; None at the end."""
        # A result that is there goes out first: to begin another frame takes this thread's time.
        is_ready = self._computing.is_ready
        with self._changed:
            turn = self._wait()
            if self._may_act:
                return partial(attempt, self._between.popleft(), "a step between two frames")
            if turn.cameras and not is_ready:
                return self._take(turn.cameras)
            if turn.until_s is not None and not is_ready:
                # Neither is the result to wait for a frame, nor the frame for the result.
                return partial(time.sleep, _GLANCE_S)
        return self._computing.finish_first if self._computing else None

    def _wait(self) -> Turn:
        while True:
            now_s = time.monotonic()
            turn = self._turn(now_s)
            if self._computing or self._may_act or self._closing or turn.cameras:
                return turn
            self._changed.wait(None if turn.until_s is None else turn.until_s - now_s)

    @property
    def _may_act(self) -> bool:
        return bool(self._between) and not self._under_way

    def _turn(self, now_s: float) -> Turn:
        """The cameras whose frames may be begun now."""
        # With something to be done between two frames, none is begun until that is done.
        if not self._running or self._between or not self._computing.may_begin:
            return Turn()
        # Where a result waits for the one that goes out, frames wait where newer ones replace them.
        if self._under_way - len(self._computing) > 1:
            return Turn()
        most = self._computing.batch
        return self._inbox.turn(most, now_s, lambda camera: bool(self._free[camera]))

    def _take(self, cameras: Sequence[int]) -> Callable[[], None]:
        was_full = not all(map(self.has_room, cameras))
        group = [
            Taken(self._inbox.take(camera), self._free[camera].pop(), camera)
            for camera in reversed(cameras)
        ]
        # By camera: what was prepared for frames in one order is of no use in another.
        group.sort(key=lambda taken: taken.camera)
        self._under_way += len(group)
        self._changed.notify_all()
        return partial(self._begin, group, was_full)

    def _begin(self, group: Sequence[Taken[Item, Slot]], was_full: bool) -> None:
        if was_full:
            attempt(self._on_room, "telling that there is room for frames")
        self._computing.begin(group)

    def _hand_over(self, taken: Taken[Item, Slot]) -> None:
        with self._changed:
            self._done.append(taken)
            self._changed.notify_all()

    def _publish_all(self) -> None:
        try:
            while (done := self._take_done()) is not None:
                self._publish(done)
        except BaseException as error:
            self._fail(error)

    def _publish(self, done: Taken[Item, Slot]) -> None:
        try:
            self._job.publish(done.item, done.slot)
        except Exception as error:
            # One lost message must not end the stream.
            self._give_up(done, error)
        else:
            self._end(done, processed=1)

    def _take_done(self) -> Taken[Item, Slot] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._done or self._computed)
            return self._done.popleft() if self._done else None

    def _give_up(self, taken: Taken[Item, Slot], error: Exception) -> None:
        bad_frame = isinstance(error, FrameError)
        tell = partial(self._job.failed, taken.item, error)
        attempt(tell, f"telling that a frame was lost ({error!r})")
        self._end(taken, malformed=int(bad_frame), failed=int(not bad_frame))

    def _end(self, taken: Taken[Item, Slot], **more: int) -> None:
        with self._changed:
            self._free[taken.camera].append(taken.slot)
            self._under_way -= 1
            self._count(taken.camera, **more)
            self._changed.notify_all()
