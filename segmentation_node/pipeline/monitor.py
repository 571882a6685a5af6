"""What a node knows about its own work: ages, stages, deadlines, and the last thing that failed."""

from __future__ import annotations

import copy
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from segmentation_node.core.timing import RollingStats, StageStats, Stats
from segmentation_node.pipeline.counts import Counts
from segmentation_node.pipeline.loss import Gaps, Loss, Rate, RecentLoss

WINDOW = 300
"""Frames that percentiles are taken over: ten seconds at 30 Hz."""

SILENT_S = 5.0
"""Seconds without a frame after which rates begin anew."""


@dataclass(frozen=True)
class Report:
    """The state of the work at one moment, and what changed since the report before.

    Args:
        period_s: Seconds since the report before, by a monotonic clock.
        counts: What became of all frames.
        recent: What became of the frames of the period.
        input_age: Time from a frame's stamp to its arrival, by the node's clock, milliseconds.
        stages: Time of each stage by name, milliseconds; `total` is arrival to published.
        busy: Time that the slower thread, computing or publishing, had to spend on a frame.
        deadline_ms: Longest `total` allowed; 0 where there is no deadline.
        silence_s: Seconds since the latest frame arrived; None where none ever did.
        stamp_jumps: How often a stamp was older than the one before.
        recent_stamp_jumps: The same within the period.
        deadline_misses: Frames published later than the deadline.
        recent_deadline_misses: The same within the period.
        last_malformation: What was wrong with the latest malformed frame; empty where none was.
        engine_error: Why the engine failed at the latest frame; empty where it did not.
        shares: The share of the budget that each camera uses, where there are several.
        lost: Frames that were sent and never arrived; `received` does not count them.
        recent_loss: Frames that arrived and frames lost, in the latest ten seconds.
        zero_stamps: Frames that came without a stamp.
        long_input_rate_hz: Frames per second that arrived in the latest ten seconds; None where
            only the period is known.
        long_rate_hz: The same of those that were answered.
    """

    period_s: float
    counts: Counts = field(default_factory=Counts)
    recent: Counts = field(default_factory=Counts)
    input_age: Stats | None = None
    stages: Mapping[str, Stats] = field(default_factory=dict)
    busy: Stats | None = None
    deadline_ms: float = 0.0
    silence_s: float | None = None
    stamp_jumps: int = 0
    recent_stamp_jumps: int = 0
    deadline_misses: int = 0
    recent_deadline_misses: int = 0
    last_malformation: str = ""
    engine_error: str = ""
    shares: tuple[float, ...] = ()
    lost: int = 0
    recent_loss: Loss = field(default_factory=Loss)
    zero_stamps: int = 0
    long_input_rate_hz: float | None = None
    long_rate_hz: float | None = None

    @classmethod
    def total(cls, reports: Sequence[Report]) -> Report:
        """What several cameras come to together; their percentiles stay theirs.

        Args:
            reports: One for each camera, made at the same time.
        """
        silences = [one.silence_s for one in reports if one.silence_s is not None]
        return cls(
            period_s=max(one.period_s for one in reports),
            counts=Counts.total(one.counts for one in reports),
            recent=Counts.total(one.recent for one in reports),
            deadline_ms=reports[0].deadline_ms,
            silence_s=min(silences, default=None),
            stamp_jumps=sum(one.stamp_jumps for one in reports),
            recent_stamp_jumps=sum(one.recent_stamp_jumps for one in reports),
            deadline_misses=sum(one.deadline_misses for one in reports),
            recent_deadline_misses=sum(one.recent_deadline_misses for one in reports),
            last_malformation=next(filter(None, (one.last_malformation for one in reports)), ""),
            engine_error=next(filter(None, (one.engine_error for one in reports)), ""),
            shares=tuple(one.budget_used for one in reports),
            lost=sum(one.lost for one in reports),
            recent_loss=sum((one.recent_loss for one in reports), Loss()),
            zero_stamps=sum(one.zero_stamps for one in reports),
            long_input_rate_hz=sum(one.input_rate_hz for one in reports),
            long_rate_hz=sum(one.rate_hz for one in reports),
        )

    @property
    def input_rate_hz(self) -> float:
        """Frames per second that arrive, over ten seconds where they are known."""
        if self.long_input_rate_hz is not None:
            return self.long_input_rate_hz
        return self.recent.received / self.period_s if self.period_s > 0 else 0.0

    @property
    def rate_hz(self) -> float:
        """Frames per second that are answered, over ten seconds where they are known."""
        if self.long_rate_hz is not None:
            return self.long_rate_hz
        return self.recent.processed / self.period_s if self.period_s > 0 else 0.0

    @property
    def frame_budget_ms(self) -> float:
        """Time that there is for each frame at the rate at which they are to be answered.

        NaN where there are none.
        """
        wanted = self.recent.wanted
        return 1e3 * self.period_s / wanted if wanted > 0 and self.period_s > 0 else float("nan")

    @property
    def budget_used(self) -> float:
        """Share of that time which the slower thread needs for 95 % of the frames.

        Above 1 the node cannot keep up; NaN while there are no figures.
        """
        if self.shares:
            return sum(share for share in self.shares if not math.isnan(share))
        return float("nan") if self.busy is None else self.busy.p95_ms / self.frame_budget_ms


class Monitor:
    """Collects what the threads of a node notice; each call may come from any of them.

    Args:
        deadline_ms: Longest time from arrival to published; 0 sets no deadline.
    """

    def __init__(self, deadline_ms: float = 0.0) -> None:
        self.deadline_ms = deadline_ms
        self._lock = threading.Lock()
        self._ages = RollingStats(WINDOW)
        self._stages = StageStats(WINDOW)
        self._busy = RollingStats(WINDOW)
        self._latest_stamp_ns: int | None = None
        self._latest_arrival: float | None = None
        self._malformation = self._engine_error = ""
        self._jumps = self._misses = 0
        self._reported = (time.monotonic(), Counts(), 0, 0)
        self._lost = self._zero_stamps = self._received = 0
        self._recent_loss = RecentLoss()
        self._gaps: Gaps | None = None
        self._input_rate, self._rate = Rate(), Rate()

    def count_gaps(self) -> None:
        """Estimate lost frames from the stamps: the middleware does not count them."""
        with self._lock:
            self._gaps = Gaps()

    def lost(self, frames: int) -> None:
        """Take note of frames that were sent and will not arrive.

        Args:
            frames: How many more.
        """
        with self._lock:
            self._lost += frames
            self._recent_loss.add(lost=frames)

    @property
    def recent_loss(self) -> Loss:
        """Frames that arrived and frames lost, in the latest ten seconds."""
        with self._lock:
            return self._recent_loss.latest()

    @property
    def received(self) -> int:
        """Frames that arrived."""
        return self._received

    @property
    def has_stamps(self) -> bool:
        """Whether the latest frame had a stamp; true while there was none."""
        return self._latest_stamp_ns != 0

    def begin_timing(self) -> None:
        """Forget the times so far: another network computes from now on."""
        with self._lock:
            self._stages, self._busy = StageStats(WINDOW), RollingStats(WINDOW)
            self._engine_error = ""

    def arrived(self, stamp_ns: int, now_ns: int) -> None:
        """Take note of a frame.

        Args:
            stamp_ns: Its stamp, nanoseconds.
            now_ns: The node's clock, nanoseconds; 0 while simulated time has not begun.
        """
        with self._lock:
            self._latest_arrival = time.monotonic()
            latest, self._latest_stamp_ns = self._latest_stamp_ns, stamp_ns
            self._received += 1
            self._recent_loss.add(received=1)
            if not stamp_ns:
                # No age, and no order: driver without a clock.
                self._zero_stamps += 1
                return
            self._jumps += latest is not None and stamp_ns < latest
            if self._gaps is not None:
                missing = self._gaps.lost_before(stamp_ns)
                self._lost += missing
                self._recent_loss.add(lost=missing)
            if now_ns:
                self._ages.add((now_ns - stamp_ns) * 1e-6)

    @property
    def silence_s(self) -> float | None:
        """Seconds since the latest frame arrived, by a monotonic clock; None where none did."""
        arrival = self._latest_arrival
        return None if arrival is None else time.monotonic() - arrival

    def malformed(self, sentence: str) -> None:
        """Take note of a frame that could not be read, and why."""
        with self._lock:
            self._malformation = sentence

    def engine_failed(self, sentence: str) -> None:
        """Take note that the engine failed at a frame, and why."""
        with self._lock:
            self._engine_error = sentence

    def published(self, stages_ms: Mapping[str, float], busy_ms: float | None = None) -> None:
        """Take note of an answered frame.

        Args:
            stages_ms: Milliseconds of its stages by name, `total` among them.
            busy_ms: Milliseconds that the slower thread had to spend on it, where that is known.
        """
        with self._lock:
            self._engine_error = ""
            self._stages.add(stages_ms)
            if busy_ms is not None:
                self._busy.add(busy_ms)
            late = stages_ms.get("total", 0.0) > self.deadline_ms
            self._misses += bool(self.deadline_ms) and late

    def report(self, counts: Counts) -> Report:
        """Sum up, and begin a new period.

        Args:
            counts: What became of all frames so far.
        """
        with self._lock:
            now = time.monotonic()
            since, before, jumps, misses = self._reported
            self._reported = (now, counts, self._jumps, self._misses)
            silence_s = None if self._latest_arrival is None else now - self._latest_arrival
            is_silent = silence_s is None or silence_s > SILENT_S
            ages, stages, busy = copy.deepcopy((self._ages, self._stages, self._busy))
            report = Report(
                period_s=now - since,
                counts=counts,
                recent=counts.minus(before),
                deadline_ms=self.deadline_ms,
                silence_s=silence_s,
                stamp_jumps=self._jumps,
                recent_stamp_jumps=self._jumps - jumps,
                deadline_misses=self._misses,
                recent_deadline_misses=self._misses - misses,
                last_malformation=self._malformation,
                engine_error=self._engine_error,
                lost=self._lost,
                recent_loss=self._recent_loss.latest(),
                zero_stamps=self._zero_stamps,
                long_input_rate_hz=_known(self._input_rate.of(counts.received, now, is_silent)),
                long_rate_hz=_known(self._rate.of(counts.processed, now, is_silent)),
            )
        # Percentiles take a while, and the threads that answer frames must not wait for them.
        return replace(
            report,
            input_age=ages.stats() if ages.total else None,
            stages=stages.stats(),
            busy=busy.stats() if busy.total else None,
        )


def _known(rate_hz: float) -> float | None:
    return None if math.isnan(rate_hz) else rate_hz
