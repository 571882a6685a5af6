"""Whether the node came through a phase: judged by what both ends, the node and the system say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.soak.growth import growth
from benchmarks.soak.sampler import Sample, between
from benchmarks.soak.traffic import Phase, Traffic
from segmentation_node.errors import ConfigError

GROWTH_PERCENT = 1.0
"""What the memory may grow by between the end of the warm-up and the end of the steady phase."""

CYCLES_GROWTH_PERCENT = 5.0
"""What it may grow by in the second half of the lifecycle cycles."""

MORE_HANDLES = 8
"""By how much threads and open files may differ: pools of DDS and of the engine come and go."""

ANSWERED_WITHIN_S = 5.0
"""How long after it is plugged in, or the node goes on, a camera may wait for an answer."""

CLOCK_OFF_S = 2.0
"""How far the node's clock may be behind simulated time: it tells it twice a second."""


@dataclass(frozen=True)
class Verdict:
    """A judgement.

    Args:
        complaints: What was not as it should be, one sentence each; none where all was.
        facts: What it was judged by, in a few words.
    """

    complaints: tuple[str, ...]
    facts: str

    @property
    def is_met(self) -> bool:
        """Whether all was as it should be."""
        return not self.complaints


@dataclass(frozen=True)
class Evidence:
    """All that a phase is judged by.

    Args:
        phase: What the driver noted.
        traffic: What became of its images.
        samples: What the node's process held meanwhile.
    """

    phase: Phase
    traffic: Traffic
    samples: Sequence[Sample]


Complaints = list[str]


def judge(evidence: Evidence) -> Verdict:
    """Judge a phase by its name."""
    phase = evidence.phase
    if phase.error:
        return Verdict((phase.error,), "it was not played to its end")
    judged = JUDGES.get(phase.name)
    if judged is None:
        raise ConfigError(
            received=f"the phase {phase.name}",
            expected="one of " + ", ".join(JUDGES),
            fix=f"add to JUDGES what {phase.name} is judged by",
        )
    complaints, facts = judged(evidence)
    return Verdict(tuple(complaints), facts)


def _steady(evidence: Evidence) -> tuple[Complaints, str]:
    """Nothing lost, and no growth."""
    complaints, found = _nothing_lost(evidence.traffic), evidence.samples
    if len(found) < 2:
        return [*complaints, "fewer than two samples of its memory"], "no memory to judge"
    fitted = growth([one.at_s for one in found], [one.rss_mib for one in found])
    if fitted.percent >= GROWTH_PERCENT:
        complaints.append(f"memory grew by {fitted.percent:.2f} %")
    facts = f"memory {fitted.level_mib:.0f} MiB, {fitted.percent:+.2f} % in {fitted.seconds:.0f} s"
    return complaints + _handles(found), facts


def _whole(evidence: Evidence) -> tuple[Complaints, str]:
    """Nothing lost."""
    traffic = evidence.traffic
    return _nothing_lost(traffic), f"{traffic.answered} of {traffic.sent} images answered"


def _nothing_lost(traffic: Traffic) -> Complaints:
    unheard = [f"{traffic.unheard} images never received"] if traffic.unheard else []
    return [*unheard, *_answered_right(traffic)]


def _answered_right(traffic: Traffic) -> Complaints:
    """What is asked for in every phase, also where a camera is not heard at once."""
    counts = {
        "images failed": traffic.failed,
        "labels lost": traffic.labels_lost,
        "colours lost": traffic.colors_lost,
        "labels of a wrong size": traffic.misshapen,
    }
    silent = [] if traffic.answered else ["no image answered"]
    return [*silent, *(f"{count} {what}" for what, count in counts.items() if count)]


def _handles(samples: Sequence[Sample]) -> Complaints:
    """Threads and open files of the second half against the first."""
    half = len(samples) // 2
    complaints = []
    for name in ("files", "threads"):
        values = [getattr(one, name) for one in samples]
        more = max(values[half:], default=0) - max(values[:half], default=0)
        if half and more > MORE_HANDLES:
            complaints.append(f"{more} more {name}")
    return complaints


def _stalls(evidence: Evidence) -> tuple[Complaints, str]:
    """Answers again soon after each."""
    freed_ns = evidence.phase.notes["freed_ns"]
    complaints, slowest = _answers_again(evidence.traffic, freed_ns)
    return complaints, f"held up {len(freed_ns)} times; answered at most {slowest:.1f} s after"


def _listener_stalls(evidence: Evidence) -> tuple[Complaints, str]:
    """Answers that arrive again soon after each; those beyond the node's queue are lost."""
    lost = evidence.traffic.labels_lost
    forgiven = replace(evidence.traffic, labels_lost=0, colors_lost=0)
    complaints, facts = _stalls(replace(evidence, traffic=forgiven))
    return complaints, f"{facts}; {lost} labels given up"


def _stops(evidence: Evidence) -> tuple[Complaints, str]:
    """Each silence told, each return answered."""
    notes, traffic = evidence.phase.notes, evidence.traffic
    complaints, slowest = _answers_again(traffic, notes["plugged_ns"])
    if notes["silences_told"] < notes["rounds"]:
        complaints.append(f"{notes['silences_told']} of {notes['rounds']} silences told")
    told = f"{notes['silences_told']} of {notes['rounds']} silences told"
    return complaints, f"{told}; answered at most {slowest:.1f} s after"


def _answers_again(traffic: Traffic, from_ns: Sequence[int]) -> tuple[Complaints, float]:
    """What is wrong with the images answered, and the longest wait (s) for one sent since."""
    delays_s = [_first_answer_s(traffic, at * 1e-9) for at in from_ns]
    complaints, late = _answered_right(traffic), sum(one > ANSWERED_WITHIN_S for one in delays_s)
    if late:
        complaints.append(f"{late} returns not answered within {ANSWERED_WITHIN_S:g} s")
    return complaints, max(delays_s, default=float("inf"))


def _first_answer_s(traffic: Traffic, from_s: float) -> float:
    answered = (
        sent_s + latency_ms * 1e-3 - from_s
        for sent_s, latency_ms in zip(traffic.sent_s, traffic.latencies_ms, strict=True)
        if sent_s >= from_s
    )
    return min(answered, default=float("inf"))


def _resizes(evidence: Evidence) -> tuple[Complaints, str]:
    """Each size answered in its own size."""
    sizes = {one[2:4] for one in map(tuple, evidence.phase.sent)}
    complaints = _nothing_lost(evidence.traffic)
    if len(sizes) < evidence.phase.notes["sizes"]:
        complaints.append(f"images of {len(sizes)} sizes alone")
    return complaints, f"images of {len(sizes)} sizes"


def _flood(evidence: Evidence) -> tuple[Complaints, str]:
    """Each request answered as it should be, and no frame lost."""
    notes, complaints = evidence.phase.notes, _nothing_lost(evidence.traffic)
    wrong = notes["requests"] - notes["answered_right"]
    if wrong:
        complaints.append(f"{wrong} requests answered otherwise than they should be")
    return complaints, f"{notes['requests']} requests in {notes['took_s']:.1f} s"


def _clock(evidence: Evidence) -> tuple[Complaints, str]:
    """Simulated time followed, jumps back counted, and no frame lost."""
    notes, complaints = evidence.phase.notes, _nothing_lost(evidence.traffic)
    if not notes["switched"]:
        complaints.append("use_sim_time could not be set")
    off_s = max(notes["clock_off_s"], default=float("inf"))
    if off_s > CLOCK_OFF_S:
        complaints.append(f"its clock was {off_s:.1f} s off")
    counted = evidence.phase.counted("stamp_jumps")
    if counted != notes["jumps_back"]:
        complaints.append(f"{counted} of {notes['jumps_back']} jumps back counted")
    return complaints, f"{len(notes['clock_off_s'])} times, followed within {off_s:.1f} s"


def _slow(evidence: Evidence) -> tuple[Complaints, str]:
    """The others lose nothing, and the slow one gets something."""
    taken, complaints = evidence.phase.notes["taken"], _nothing_lost(evidence.traffic)
    if not taken:
        complaints.append("the slow subscriber got nothing")
    return complaints, f"the slow subscriber took {taken} of {evidence.traffic.sent}"


def _cycles(evidence: Evidence) -> tuple[Complaints, str]:
    """Each transition made, and nothing left over."""
    phase, samples = evidence.phase, evidence.samples
    notes, complaints = phase.notes, _handles(samples)
    if notes["refused"]:
        complaints.append(f"{notes['refused']} transitions refused")
    if notes["state"] != "active":
        complaints.append(f"{notes['state']} at the end")
    later = between(samples, (phase.begun_s + phase.ended_s) / 2, phase.ended_s)
    facts = f"{notes['cycles']} cycles, {1e3 * sum(notes['took_s']) / notes['cycles']:.0f} ms each"
    if len(later) < 2:
        return [*complaints, "fewer than two samples of its memory"], facts
    fitted = growth([one.at_s for one in later], [one.rss_mib for one in later])
    if fitted.percent >= CYCLES_GROWTH_PERCENT:
        complaints.append(f"memory grew by {fitted.percent:.2f} % in the second half")
    return complaints, f"{facts}; memory {fitted.percent:+.2f} % in the second half"


JUDGES: Mapping[str, Callable[[Evidence], tuple[Complaints, str]]] = {
    "warm_up": lambda evidence: ([], f"{evidence.traffic.answered} images answered"),
    "node_stalls": _stalls,
    "listener_stalls": _listener_stalls,
    "steady": _steady,
    "camera_stops": _stops,
    "camera_resizes": _resizes,
    "parameter_flood": _flood,
    "clock_jumps": _clock,
    "slow_subscriber": _slow,
    "lifecycle_cycles": _cycles,
    "after_the_faults": _whole,
}
"""What each phase is judged by, in the order in which they are played."""
