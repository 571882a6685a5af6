"""The race as tables, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from benchmarks.race.contenders import ALONE, ECHO, OURS
from benchmarks.race.results import Result, find, overhead_ms, ratio
from segmentation_node.bench.comparison import Table
from segmentation_node.training.markdown import markdown_table

Figures = Mapping[str, Any]

_HEAD = (
    "node",
    "sent",
    "received",
    "lost",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "max ms",
    "times our p50",
    "CPU ms a frame: node",
    "source",
    "subscriber",
)
_NOTES = """\
Camera, node and subscriber are three processes; images go through DDS, over shared memory, with the
same settings for all. Timed is the way from the stamp, made right before an image is sent, to the
label image in the third process; every image after the warm-up counts. All publish labels and
colours, and both are listened to. The contenders took turns, {rounds} rounds of {turn_s:g} s each.
*Lost*: sent, and never answered or never received. CPU time is that of a whole process, by frames
sent for the source and frames answered for the others. Ratios are judged at {judged},
which all can keep whom the goals compare. Who cannot runs with our node at a lower rate as well.
"""


def markdown(figures: Figures) -> str:
    """The tables, the goals, and what is needed to read them.

    Args:
        figures: From `benchmarks.race.run`.
    """
    sections = [
        f"## {table.title}\n\n{markdown_table(table.head, table.rows)}"
        for table in tables(figures["results"])
    ]
    rates = figures["judged_rate_hz"].items()
    judged = ", ".join(f"{rate:g} Hz ({camera})" for camera, rate in rates)
    notes = _NOTES.format(
        rounds=figures["rounds"], turn_s=figures["seconds"] / figures["rounds"], judged=judged
    )
    gone_wrong = [f"- {one}\n" for one in _gone_wrong(figures)]
    heads = f"# The race\n\n{about(figures)}.\n\n{goals(figures)}\n"
    return heads + "\n".join([*sections, notes, "".join(gone_wrong)]).rstrip() + "\n"


def about(figures: Figures) -> str:
    """What all figures depend on, in a line."""
    machine, load = figures["machine"], figures["other_load"]
    busy = load["cores_busy_with_others"]
    others = "unknown" if busy is None else f"{busy:.2f}"
    sizes = {one["facts"].get("network_size") for one in figures["results"]} - {None}
    return (
        f"{figures['computation']['model']} at {' and '.join(sorted(sizes)) or 'no size'}; "
        f"{figures['date']}, {machine['processor']}, {machine['cores']} cores, "
        f"GPU: {machine['gpu'] or 'none'}; others kept {others} cores busy"
    )


def goals(figures: Figures) -> str:
    """The goals as a list, each with what it came to."""
    return "".join(f"- {_goal(goal)}\n" for goal in figures["goals"])


def _goal(goal: Mapping[str, Any]) -> str:
    if goal["worst"] is None:
        return f"{goal['text']}: **{goal['verdict']}**"
    return f"{goal['text']}: **{goal['verdict']}** (worst {goal['worst']:.2f}, {goal['where']})"


def tables(results: Sequence[Result]) -> Iterator[Table]:
    """A table for each course, and one of what our node adds.

    Args:
        results: Of each contender on each course.
    """
    for course, of_course in groupby(sorted(results, key=_course), key=_course):
        yield _table(course, list(of_course))
    if any(one["contender"] == ALONE for one in results):
        yield _overheads(results)


def _course(result: Result) -> tuple[str, float, str]:
    return result["camera"], result["rate_hz"], result["qos"]


def _table(course: tuple[str, float, str], results: Sequence[Result]) -> Table:
    camera, rate_hz, qos = course
    title = f"{camera} at {rate_hz:g} Hz, {qos.replace('_', ' ')}"
    rows = [_row(one, find(results, OURS, one)) for one in results]
    return Table(title, _HEAD, tuple(rows))


def _row(result: Result, ours: Result | None) -> tuple[str, ...]:
    latency, cpu = result["latency_ms"], result["cpu_ms_per_frame"]
    times = None if result["contender"] in {ECHO, ALONE} else ratio(result, ours)
    return (
        title_of(result),
        *(str(result[key]) for key in ("sent", "received", "lost")),
        *(_number(latency.get(name)) for name in ("p50", "p95", "p99", "max")),
        _number(times),
        *(_number(cpu[name]) for name in ("node", "source", "subscriber")),
    )


def title_of(result: Result) -> str:
    """A contender, with the precision that it ran in."""
    facts = result["facts"]
    return ", ".join(filter(None, (result["title"], facts.get("precision"))))


def _overheads(results: Sequence[Result]) -> Table:
    head = ("course", "this node p50 ms", "Segmenter alone", "echo", "what the node adds")
    rows = []
    for ours in (one for one in results if one["contender"] == OURS):
        alone, echo = (find(results, name, ours) for name in (ALONE, ECHO))
        parts = (
            ours["latency_ms"],
            {} if alone is None else alone["segment_ms"],
            {} if echo is None else echo["latency_ms"],
        )
        figures = (*(part.get("p50") for part in parts), overhead_ms(results, ours))
        course = "{camera} at {rate_hz:g} Hz, {qos}".format(**ours)
        rows.append((course, *map(_number, figures)))
    return Table("What the node adds to the computing and the way", head, tuple(rows))


def _gone_wrong(figures: Figures) -> Iterator[str]:
    yield from (f"left out: {name} ({why})" for name, why in figures["left_out"].items())
    yield from (f"failed: {one}" for one in figures["failures"])


def _number(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.2f}"
