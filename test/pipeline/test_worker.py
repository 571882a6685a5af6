"""The worker: what happens to frames in each mode, in each state, and when something fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from segmentation_node.errors import ConfigError, EngineError, FrameError
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.gathering import Gathering
from segmentation_node.pipeline.worker import Worker

PATIENCE_S = 10.0


@dataclass
class Slot:
    number: int
    content: int = -1


@dataclass
class RecordingJob:
    """Computes by copying the item into the slot; a test may hold it or make it fail.

    With a depth of more than 1 an item is computed between `begin` and `finish`, by itself.
    """

    depth: int = 1
    batch: int = 1

    open_error: Exception | None = None
    batch_error: Exception | None = None
    bad: dict[int, Exception] = field(default_factory=dict)
    unpublishable: frozenset[int] = frozenset()
    calls: list[str] = field(default_factory=list)
    threads: dict[str, set[int]] = field(default_factory=dict)
    published: list[int] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    unfinishable: frozenset[int] = frozenset()
    done: set[int] = field(default_factory=set)
    may_finish: threading.Event = field(default_factory=threading.Event)
    computing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_compute: threading.Event = field(default_factory=threading.Event)
    publishing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_publish: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.release()

    def release(self) -> None:
        self.may_compute.set()
        self.may_finish.set()
        self.may_publish.set()

    def note(self, call: str) -> None:
        self.calls.append(call)
        self.threads.setdefault(call, set()).add(threading.get_ident())

    def open(self) -> None:
        self.note("open")
        if self.open_error:
            raise self.open_error

    def begin(self, item: int, slot: Slot) -> None:
        self.note("compute")
        self.computing.release()
        assert self.may_compute.wait(PATIENCE_S)
        if item in self.bad:
            raise self.bad[item]
        self.steps.append(f"begin {item}")

    def begin_together(self, items: Sequence[tuple[int, Slot]]) -> list[Exception | None]:
        self.note("compute")
        self.computing.release()
        assert self.may_compute.wait(PATIENCE_S)
        self.steps.append(" and ".join(["begin", *(str(item) for item, _ in items)]))
        if self.batch_error is not None:
            raise self.batch_error
        return [self.bad.get(item) for item, _ in items]

    def is_ready(self, item: int) -> bool:
        return self.depth == 1 or item in self.done

    def finish(self, item: int, slot: Slot) -> None:
        assert self.may_finish.wait(PATIENCE_S)
        if item in self.unfinishable:
            raise EngineError("a GPU that fell off the bus", "one that answers", "restart")
        slot.content = item
        self.steps.append(f"finish {item}")

    def publish(self, item: int, slot: Slot) -> None:
        self.note("publish")
        self.publishing.release()
        assert self.may_publish.wait(PATIENCE_S)
        if item in self.unpublishable:
            raise RuntimeError("the middleware is gone")
        assert slot.content == item
        self.published.append(item)

    def failed(self, item: int, error: Exception) -> None:
        self.errors.append(error)

    def close(self) -> None:
        self.note("close")


def slots(cameras: int = 1) -> list[list[Slot]]:
    return [[Slot(0), Slot(1), Slot(2)] for _ in range(cameras)]


Make = Callable[..., "Worker[int, Slot]"]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make started and resumed workers, closed at the end of the test."""
    made: list[tuple[RecordingJob, Worker[int, Slot]]] = []

    def make_one(
        job: RecordingJob, mode: str = "latest", cameras: int = 1, **rest: object
    ) -> Worker[int, Slot]:
        worker = Worker(job, slots(cameras), mode, **rest)  # type: ignore[arg-type]
        made.append((job, worker))
        worker.start()
        worker.resume()
        return worker

    yield make_one
    for job, worker in made:
        job.release()
        worker.close()


def settle(worker: Worker[int, Slot]) -> Counts:
    """Wait until nothing is waiting or under way, without dropping what waits."""
    with worker._changed:
        settled = worker._changed.wait_for(
            lambda: not len(worker._inbox) and not worker._under_way, PATIENCE_S
        )
    assert settled
    return Counts.total(worker.counts)


def test_every_item_is_answered_in_order(make: Make) -> None:
    job = RecordingJob()
    worker = make(job, "every", queue_size=3)
    for item in range(50):
        assert worker.submit(item)
    assert settle(worker) == Counts(received=50, processed=50)
    assert job.published == list(range(50))


def test_latest_replaces_the_waiting_item_and_counts_it(make: Make) -> None:
    job = RecordingJob()
    job.may_compute.clear()
    worker = make(job)
    worker.submit(0)
    assert job.computing.acquire(timeout=PATIENCE_S)
    for item in (1, 2, 3):
        worker.submit(item)
    job.may_compute.set()
    assert settle(worker) == Counts(received=4, processed=2, skipped=2)
    assert job.published == [0, 3]


def test_latest_stays_newest_while_publishing_is_slow(make: Make) -> None:
    job = RecordingJob()
    job.may_publish.clear()
    worker = make(job)
    worker.submit(0)
    worker.submit(1)
    assert job.publishing.acquire(timeout=PATIENCE_S)
    # Both slots fill up; what comes then must wait in the inbox, where it can be replaced.
    for _ in range(100):
        worker.submit(2)
    worker.submit(99)
    job.may_publish.set()
    settle(worker)
    assert job.published[-1] == 99
    assert len(job.published) <= 4


def test_publishing_overlaps_with_computing_the_next(make: Make) -> None:
    job = RecordingJob()
    job.may_publish.clear()
    worker = make(job, "every")
    worker.submit(0)
    worker.submit(1)
    assert job.publishing.acquire(timeout=PATIENCE_S)
    # Item 1 is computed while item 0 is still being published.
    assert job.computing.acquire(timeout=PATIENCE_S)
    assert job.computing.acquire(timeout=PATIENCE_S)
    job.may_publish.set()
    settle(worker)
    assert job.published == [0, 1]


def test_every_holds_its_caller_while_the_queue_is_full(make: Make) -> None:
    job = RecordingJob()
    job.may_compute.clear()
    room = threading.Event()
    worker = make(job, "every", queue_size=1, on_room=room.set)
    worker.submit(0)
    assert job.computing.acquire(timeout=PATIENCE_S)
    assert worker.has_room()
    room.clear()
    worker.submit(1)
    assert not worker.has_room()
    caller = threading.Thread(target=worker.submit, args=(2,))
    caller.start()
    assert not room.is_set()
    job.may_compute.set()
    caller.join(PATIENCE_S)
    assert not caller.is_alive()
    assert room.wait(PATIENCE_S)
    assert settle(worker).processed == 3


def test_pausing_releases_a_caller_that_waits_for_room(make: Make) -> None:
    job = RecordingJob()
    job.may_compute.clear()
    worker = make(job, "every", queue_size=1)
    worker.submit(0)
    assert job.computing.acquire(timeout=PATIENCE_S)
    worker.submit(1)
    taken: list[bool] = []
    caller = threading.Thread(target=lambda: taken.append(worker.submit(2)))
    caller.start()
    pausing = threading.Thread(target=worker.pause)
    pausing.start()
    caller.join(PATIENCE_S)
    job.may_compute.set()
    pausing.join(PATIENCE_S)
    assert taken == [False]
    assert worker.counts[0] == Counts(received=3, processed=1, skipped=2)


def test_a_bad_frame_is_counted_and_the_next_is_answered(make: Make) -> None:
    fault = FrameError("4 bytes", "12", "send more")
    job = RecordingJob(bad={1: fault})
    worker = make(job, "every")
    for item in range(3):
        worker.submit(item)
    assert settle(worker) == Counts(received=3, processed=2, malformed=1)
    assert job.published == [0, 2]
    assert job.errors == [fault]


@pytest.mark.parametrize("fault", [EngineError("a", "b", "c"), ValueError("unforeseen")])
def test_a_failure_of_the_engine_is_no_malformed_frame(make: Make, fault: Exception) -> None:
    job = RecordingJob(bad={0: fault})
    worker = make(job, "every")
    worker.submit(0)
    worker.submit(1)
    assert settle(worker) == Counts(received=2, processed=1, failed=1)


def test_a_failure_to_publish_is_counted_and_frees_the_slot(make: Make) -> None:
    job = RecordingJob(unpublishable=frozenset({0, 1, 2, 3}))
    worker = make(job, "every")
    for item in range(6):
        worker.submit(item)
    assert settle(worker) == Counts(received=6, processed=2, failed=4)
    assert [str(error) for error in job.errors] == ["the middleware is gone"] * 4


def test_a_frame_refused_before_it_became_an_item_is_counted(make: Make) -> None:
    worker = make(RecordingJob())
    worker.refuse()
    assert worker.counts[0] == Counts(received=1, malformed=1)


def test_a_frame_above_the_rate_limit_is_counted_and_not_wanted(make: Make) -> None:
    job = RecordingJob()
    worker = make(job, "every")
    worker.leave_out()
    worker.submit(1)
    counts = settle(worker)
    assert counts == Counts(received=2, processed=1, limited=1)
    assert counts.wanted == 1
    assert job.published == [1]


def test_what_opens_the_engine_uses_and_closes_it_is_one_thread(make: Make) -> None:
    job = RecordingJob()
    worker = make(job, "every")
    worker.submit(0)
    settle(worker)
    worker.close()
    assert job.threads["open"] == job.threads["compute"] == job.threads["close"]
    assert threading.get_ident() not in job.threads["open"] | job.threads["publish"]
    assert job.threads["publish"] != job.threads["compute"]


def test_the_caller_is_called_again_and_again_while_the_job_opens() -> None:
    called = threading.Semaphore(0)

    class Slow(RecordingJob):
        def open(self) -> None:
            for _ in range(3):
                assert called.acquire(timeout=PATIENCE_S)
            super().open()

    callers: set[int] = set()

    def meanwhile() -> None:
        callers.add(threading.get_ident())
        called.release()

    worker: Worker[int, Slot] = Worker(Slow(), slots())
    worker.start(meanwhile, period_s=0.001)
    worker.close()
    assert callers == {threading.get_ident()}


def test_a_failure_to_open_reaches_the_caller_and_leaves_no_thread() -> None:
    job = RecordingJob(open_error=EngineError("no runtime", "OpenVINO", "install it"))
    before = set(threading.enumerate())
    worker: Worker[int, Slot] = Worker(job, [[Slot(0)]])
    with pytest.raises(EngineError, match="install it"):
        worker.start()
    assert job.calls == ["open", "close"]
    assert set(threading.enumerate()) == before


def test_paused_it_skips_what_comes_and_takes_again_when_resumed(make: Make) -> None:
    job = RecordingJob()
    worker = make(job, "every")
    worker.pause()
    assert not worker.submit(0)
    worker.resume()
    assert worker.submit(1)
    assert settle(worker) == Counts(received=2, processed=1, skipped=1)
    assert job.published == [1]


def test_pausing_finishes_what_is_under_way_and_drops_what_waits(make: Make) -> None:
    job = RecordingJob()
    job.may_compute.clear()
    worker = make(job, "every")
    for item in range(4):
        worker.submit(item)
    assert job.computing.acquire(timeout=PATIENCE_S)
    pausing = threading.Thread(target=worker.pause)
    pausing.start()
    job.may_compute.set()
    pausing.join(PATIENCE_S)
    assert not pausing.is_alive()
    counts = worker.counts[0]
    assert counts.received == 4 == counts.processed + counts.skipped
    assert len(job.published) == counts.processed


def test_closing_in_any_state_ends_every_thread() -> None:
    before = set(threading.enumerate())
    never_started: Worker[int, Slot] = Worker(RecordingJob(), [[Slot(0)]])
    never_started.close()
    job = RecordingJob()
    worker: Worker[int, Slot] = Worker(job, [[Slot(0)]])
    worker.start()
    worker.close()
    worker.close()
    assert job.calls == ["open", "close"]
    assert set(threading.enumerate()) == before


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="latest or every"):
        Worker(RecordingJob(), [[Slot(0)]], mode="sometimes")


def test_a_fast_camera_cannot_starve_a_slow_one(make: Make) -> None:
    job = RecordingJob()
    job.may_compute.clear()
    worker = make(job, "every", cameras=3, queue_size=100)
    worker.submit(0, camera=0)
    assert job.computing.acquire(timeout=PATIENCE_S)
    for item in range(1, 20):
        worker.submit(item, camera=0)
    worker.submit(100, camera=1)
    worker.submit(200, camera=2)
    worker.submit(201, camera=2)
    job.may_compute.set()
    settle(worker)
    assert job.published[:7] == [0, 100, 200, 1, 201, 2, 3]
    assert [one.processed for one in worker.counts] == [20, 1, 2]


def test_a_newer_frame_replaces_only_one_of_its_own_camera(make: Make) -> None:
    job = RecordingJob()
    job.may_compute.clear()
    worker = make(job, cameras=2)
    worker.submit(0)
    assert job.computing.acquire(timeout=PATIENCE_S)
    for item in (1, 2, 3):
        worker.submit(item, camera=0)
    worker.submit(100, camera=1)
    job.may_compute.set()
    settle(worker)
    assert job.published == [0, 100, 3]
    assert worker.counts == (
        Counts(received=4, processed=2, skipped=2),
        Counts(received=1, processed=1),
    )


def test_with_many_cameras_no_result_waits_behind_another_one(make: Make) -> None:
    job = RecordingJob()
    job.may_publish.clear()
    worker = make(job, cameras=4)
    for camera in range(4):
        worker.submit(camera, camera=camera)
    assert job.publishing.acquire(timeout=PATIENCE_S)
    for _ in range(2):
        assert job.computing.acquire(timeout=PATIENCE_S)
    # The third must wait where a newer one can replace it.
    worker.submit(42, camera=2)
    worker.submit(43, camera=3)
    job.may_publish.set()
    settle(worker)
    assert sorted(job.published) == [0, 1, 42, 43]


def test_what_is_to_be_done_between_frames_is_done_while_none_is_under_way(make: Make) -> None:
    job = RecordingJob()
    job.may_publish.clear()
    worker = make(job, "every")
    worker.submit(0)
    assert job.publishing.acquire(timeout=PATIENCE_S)
    done: list[tuple[list[int], int]] = []
    worker.between_frames(lambda: done.append((list(job.published), threading.get_ident())))
    worker.submit(1)
    worker.submit(2)
    job.may_publish.set()
    settle(worker)
    assert done == [([0], *job.threads["compute"])]
    assert job.published == [0, 1, 2]


def test_it_is_done_while_paused_too_and_before_the_job_is_closed() -> None:
    job = RecordingJob()
    worker: Worker[int, Slot] = Worker(job, slots())
    worker.start()
    acted = threading.Event()
    worker.between_frames(acted.set)
    assert acted.wait(PATIENCE_S)
    worker.between_frames(lambda: job.note("last"))
    worker.close()
    assert job.calls == ["open", "last", "close"]


def test_what_fails_between_two_frames_ends_neither_the_frames_nor_what_comes_after_it(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    job, after = RecordingJob(), threading.Event()
    worker = make(job, "every")

    def fail() -> None:
        raise RuntimeError("the middleware is gone")

    worker.between_frames(fail)
    worker.between_frames(after.set)
    assert after.wait(PATIENCE_S)
    assert worker.submit(1)
    assert settle(worker) == Counts(received=1, processed=1)
    assert "the middleware is gone" in caplog.text


def test_on_a_gpu_the_next_frame_is_begun_before_the_one_under_way_is_done(make: Make) -> None:
    job = RecordingJob(depth=2)
    job.may_compute.clear()
    worker = make(job, "every")
    for item in range(4):
        worker.submit(item)
    job.may_compute.set()
    assert settle(worker) == Counts(received=4, processed=4)
    assert job.published == [0, 1, 2, 3]
    assert job.steps[:5] == ["begin 0", "begin 1", "finish 0", "begin 2", "finish 1"]


def test_three_frames_of_a_camera_are_under_way_on_a_gpu(make: Make) -> None:
    job = RecordingJob(depth=2)
    job.may_publish.clear()
    worker = make(job, "every")
    worker.submit(0)
    assert job.publishing.acquire(timeout=PATIENCE_S)
    job.may_finish.clear()
    with worker._changed:  # so that the worker finds all
        for item in (1, 2, 3):
            worker.submit(item)
    for _ in range(3):
        assert job.computing.acquire(timeout=PATIENCE_S)
    # 0 goes out, 1 is computed and 2 is begun; 3 waits where it can be replaced.
    assert (worker._under_way, len(worker._inbox)) == (3, 1)
    job.release()
    assert settle(worker).processed == 4
    assert job.published == [0, 1, 2, 3]


def test_a_frame_that_is_done_is_handed_over_before_another_is_begun(make: Make) -> None:
    job = RecordingJob(depth=2, done={0, 1})
    job.may_compute.clear()
    worker = make(job, "every")
    worker.submit(0)
    worker.submit(1)
    job.may_compute.set()
    settle(worker)
    assert job.steps == ["begin 0", "finish 0", "begin 1", "finish 1"]


def test_a_frame_with_none_behind_it_is_finished_at_once(make: Make) -> None:
    job = RecordingJob(depth=2)
    worker = make(job)
    worker.submit(0)
    settle(worker)
    assert job.published == [0]


def test_a_result_that_waits_to_be_published_holds_the_next_frames_back(make: Make) -> None:
    job = RecordingJob(depth=2)
    job.may_publish.clear()
    worker = make(job)
    worker.submit(0)
    assert job.publishing.acquire(timeout=PATIENCE_S)
    worker.submit(1)
    with worker._changed:
        assert worker._changed.wait_for(lambda: worker._done, PATIENCE_S)
    for item in (2, 3, 4):
        worker.submit(item)
    assert worker._under_way == 2
    job.may_publish.set()
    assert settle(worker) == Counts(received=5, processed=3, skipped=2)
    assert job.published == [0, 1, 4]


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("step", ["bad", "unfinishable"])
def test_a_frame_that_fails_with_another_under_way_is_lost_alone(
    make: Make, step: str, lost: int
) -> None:
    job = RecordingJob(depth=2)
    if step == "bad":
        job.bad[lost] = EngineError("a", "b", "c")
    else:
        job.unfinishable = frozenset({lost})
    job.may_compute.clear()
    worker = make(job, "every")
    for item in range(4):
        worker.submit(item)
    job.may_compute.set()
    assert settle(worker) == Counts(received=4, processed=3, failed=1)
    assert job.published == [item for item in range(4) if item != lost]
    assert len(job.errors) == 1


@pytest.mark.parametrize("end", ["pause", "close", "between_frames"])
def test_what_is_begun_is_finished_before_it_is_paused_closed_or_exchanged(
    make: Make, end: str
) -> None:
    job = RecordingJob(depth=2)
    job.may_finish.clear()
    worker = make(job, "every")
    worker.submit(0)
    assert job.computing.acquire(timeout=PATIENCE_S)
    acted = threading.Event()
    found: list[list[int]] = []

    def act() -> None:
        found.append(list(job.published))
        acted.set()

    if end == "between_frames":
        worker.between_frames(act)
        job.may_finish.set()
        assert acted.wait(PATIENCE_S)
    else:
        ending = threading.Thread(target=getattr(worker, end))
        ending.start()
        job.may_finish.set()
        ending.join(PATIENCE_S)
        assert not ending.is_alive()
        found.append(list(job.published))
    assert found == [[0]]
    assert job.steps == ["begin 0", "finish 0"]


# For as long as no test runs: what is waited for with it comes, or was not to be waited for.
AGES = Gathering[int](100.0)


def together(job: RecordingJob, make: Make, cameras: int = 3, **rest: object) -> Worker[int, Slot]:
    """A worker whose job takes a frame of each camera at a time."""
    job.batch = cameras
    return make(job, cameras=cameras, **{"gathering": AGES, **rest})


def acquainted(job: RecordingJob, make: Make) -> Worker[int, Slot]:
    """A worker that has had two frames of each of two cameras: enough to say when more are due."""
    worker = together(job, make, 2)
    for _ in range(2):
        with worker._changed:  # so that the worker finds both
            for camera in range(2):
                worker.submit(-1, camera=camera)
        settle(worker)
    for semaphore in (job.computing, job.publishing):
        while semaphore.acquire(blocking=False):
            pass
    job.steps.clear()
    job.published.clear()
    return worker


def test_frames_of_one_moment_are_begun_together_and_none_is_waited_for_when_all_are_there(
    make: Make,
) -> None:
    job = RecordingJob(depth=2)
    worker = together(job, make)
    for camera in (2, 0, 1):
        worker.submit(10 * camera, camera=camera)
    assert settle(worker) == Counts(received=3, processed=3)
    assert job.steps == ["begin and 0 and 10 and 20", "finish 0", "finish 10", "finish 20"]
    assert job.published == [0, 10, 20]


def test_a_late_frame_is_waited_for_and_no_longer_than_the_tolerance(make: Make) -> None:
    job = RecordingJob(depth=2)
    worker = together(job, make, 2, gathering=Gathering[int](0.01))
    worker.submit(0, camera=0)
    settle(worker)
    assert job.steps == ["begin 0", "finish 0"]


def test_without_a_tolerance_or_a_batch_cameras_take_turns(make: Make) -> None:
    for job, gathering in ((RecordingJob(batch=2), None), (RecordingJob(batch=1), AGES)):
        worker = make(job, cameras=2, gathering=gathering)
        for camera in range(2):
            worker.submit(camera, camera=camera)
        settle(worker)
        assert sorted(job.steps) == ["begin 0", "begin 1", "finish 0", "finish 1"]


def test_a_bad_frame_of_a_batch_is_lost_alone(make: Make) -> None:
    job = RecordingJob(depth=2, bad={1: FrameError("4 bytes", "12", "send more")})
    worker = together(job, make)
    for camera in range(3):
        worker.submit(camera, camera=camera)
    settle(worker)
    assert worker.counts == (
        Counts(received=1, processed=1),
        Counts(received=1, malformed=1),
        Counts(received=1, processed=1),
    )
    assert job.published == [0, 2]


def test_a_batch_that_cannot_be_begun_is_the_failure_of_each_of_its_frames(make: Make) -> None:
    job = RecordingJob(depth=2, batch_error=EngineError("a", "b", "c"))
    worker = together(job, make, 2)
    for camera in range(2):
        worker.submit(camera, camera=camera)
    settle(worker)
    assert worker.counts == (Counts(received=1, failed=1),) * 2
    job.batch_error = None
    for camera in range(2):
        worker.submit(camera, camera=camera)
    settle(worker)
    assert worker.counts == (Counts(received=2, processed=1, failed=1),) * 2


def test_a_frame_of_a_batch_that_fails_later_takes_none_with_it(make: Make) -> None:
    job = RecordingJob(depth=2, unfinishable=frozenset({0}))
    worker = together(job, make, 2)
    for camera in range(2):
        worker.submit(camera, camera=camera)
    settle(worker)
    assert worker.counts == (Counts(received=1, failed=1), Counts(received=1, processed=1))


def test_in_every_frame_is_answered_in_order_in_batches(make: Make) -> None:
    job = RecordingJob(depth=2)
    job.may_compute.clear()
    worker = make(
        job, "every", cameras=2, queue_size=20, gathering=Gathering[int](0.002, lambda i: i * 10**6)
    )
    job.batch = 2
    worker.submit(1000, camera=0)
    # Stamps in milliseconds: camera 1 is 1 ms late, and lacks the third.
    for number in range(1, 6):
        worker.submit(1000 * number + 1, camera=1) if number != 3 else None
        worker.submit(1000 * (number + 1), camera=0)
    job.may_compute.set()
    assert settle(worker).processed == 10
    for camera in range(2):
        mine = [item for item in job.published if item % 1000 == camera]
        assert mine == sorted(mine)
    assert any(step.startswith("begin and") for step in job.steps)


def test_latest_replaces_what_waits_for_a_late_camera(make: Make) -> None:
    job = RecordingJob(depth=2)
    worker = acquainted(job, make)
    for item in (1, 2, 3):
        worker.submit(item, camera=0)
    worker.submit(100, camera=1)
    settle(worker)
    assert job.published == [3, 100]
    assert worker.counts[0] == Counts(received=5, processed=3, skipped=2)


def test_pausing_and_closing_do_not_wait_for_a_late_camera(make: Make) -> None:
    job = RecordingJob(depth=2)
    worker = acquainted(job, make)
    worker.submit(0, camera=0)
    worker.pause()
    assert worker.counts[0] == Counts(received=3, processed=2, skipped=1)
    worker.resume()
    worker.submit(1, camera=0)
    worker.close()
    assert worker.counts[0] == Counts(received=4, processed=2, skipped=2)
    assert job.published == []


def test_what_is_to_be_done_between_frames_is_done_while_a_camera_is_late(make: Make) -> None:
    job = RecordingJob(depth=2)
    worker = acquainted(job, make)
    worker.submit(0, camera=0)
    done = threading.Event()
    worker.between_frames(done.set)
    assert done.wait(PATIENCE_S)
    worker.submit(1, camera=1)
    settle(worker)
    assert job.steps[0] == "begin and 0 and 1"


def with_a_batch_under_way(job: RecordingJob, make: Make) -> Worker[int, Slot]:
    """A worker with a batch that is begun and not done, and a frame of camera 0 that waits."""
    worker = acquainted(job, make)
    job.may_finish.clear()
    job.may_compute.clear()
    for item, camera in ((0, 0), (10, 1)):
        worker.submit(item, camera=camera)
    assert job.computing.acquire(timeout=PATIENCE_S)
    worker.submit(1, camera=0)
    job.may_compute.set()
    return worker


def test_while_a_batch_is_under_way_a_late_camera_is_waited_for_and_the_next_one_begun(
    make: Make,
) -> None:
    job = RecordingJob(depth=2)
    worker = with_a_batch_under_way(job, make)
    worker.submit(11, camera=1)
    assert job.computing.acquire(timeout=PATIENCE_S)
    job.may_finish.set()
    assert settle(worker) == Counts(received=8, processed=8)
    assert job.steps[:3] == ["begin and 0 and 10", "begin and 1 and 11", "finish 0"]


def test_a_result_that_is_there_goes_out_while_a_late_camera_is_waited_for(make: Make) -> None:
    job = RecordingJob(depth=2)
    worker = with_a_batch_under_way(job, make)
    job.may_finish.set()
    job.done.add(0)
    for _ in range(2):
        assert job.publishing.acquire(timeout=PATIENCE_S)
    assert job.steps == ["begin and 0 and 10", "finish 0", "finish 10"]
    worker.submit(11, camera=1)
    settle(worker)
    assert job.published == [0, 10, 1, 11]


def test_what_fails_while_a_lost_frame_is_told_of_does_not_end_the_frames(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class Speechless(RecordingJob):
        def failed(self, item: int, error: Exception) -> None:
            raise RuntimeError("the log is gone")

    job = Speechless(bad={1: EngineError("a", "b", "c")}, unpublishable=frozenset([2]))
    worker = make(job, "every")
    for item in (1, 2, 3):
        assert worker.submit(item)
    assert settle(worker) == Counts(received=3, failed=2, processed=1)
    assert "the log is gone" in caplog.text
    assert worker.failure is None


def test_what_fails_while_room_is_told_of_does_not_end_the_frames(make: Make) -> None:
    def on_room() -> None:
        raise RuntimeError("the executor is gone")

    job = RecordingJob()
    job.may_compute.clear()
    worker = make(job, "every", queue_size=1, on_room=on_room)
    assert worker.submit(1)
    assert job.computing.acquire(timeout=PATIENCE_S)
    assert worker.submit(2)
    job.release()
    assert settle(worker) == Counts(received=2, processed=2)
    assert worker.failure is None


def test_a_thread_that_dies_says_so_and_takes_no_frame_any_more(make: Make) -> None:
    class Forgetful(RecordingJob):
        def is_ready(self, item: int) -> bool:
            raise RuntimeError("nobody foresaw this")

    job, told = Forgetful(), threading.Event()
    worker = make(job, "every", on_failure=told.set)
    assert worker.submit(1)
    assert told.wait(PATIENCE_S)
    assert str(worker.failure) == "nobody foresaw this"
    assert not worker.submit(2)
    worker.resume()
    assert not worker.submit(3)
    worker.pause()
    worker.close()
    assert worker.has_ended
    assert job.calls[-1] == "close"


def test_a_caller_that_waits_for_room_is_released_when_the_worker_fails(make: Make) -> None:
    class Forgetful(RecordingJob):
        def is_ready(self, item: int) -> bool:
            assert self.may_finish.wait(PATIENCE_S)
            raise RuntimeError("nobody foresaw this")

    job = Forgetful()
    job.may_finish.clear()
    worker = make(job, "every", queue_size=1)
    taken: list[bool] = []

    def submit_all() -> None:
        taken.extend(worker.submit(item) for item in range(4))

    caller = threading.Thread(target=submit_all)
    caller.start()
    assert job.computing.acquire(timeout=PATIENCE_S)
    job.may_finish.set()
    caller.join(PATIENCE_S)
    assert not caller.is_alive()
    assert len(taken) == 4
    assert not taken[-1]
