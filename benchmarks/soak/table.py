"""A soak as Markdown: each phase with its verdict, latency by the minute, and the fuzzer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from segmentation_node.training.markdown import markdown_table

Results = Mapping[str, Any]

_PHASES = (
    "phase",
    "s",
    "sent",
    "answered",
    "skipped",
    "unheard",
    "lost",
    "p50 ms",
    "p99 ms",
    "verdict",
    "judged by",
)
_MINUTES = ("minute", "answered", "p50 ms", "p99 ms", "max ms")
_READERS = ("reader", "inputs", "s", "RSS at a tenth, MiB", "at the end", "finding")


def markdown(results: Results) -> str:
    """The tables, and what is needed to read them.

    Args:
        results: From `benchmarks.soak.run`.
    """
    return "\n\n".join(_sections(results)) + "\n"


def _sections(results: Results) -> Iterator[str]:
    yield f"# Soak\n\n{about(results)}"
    rows = [_phase_row(one) for one in results["phases"]]
    yield "## Phases\n\n" + markdown_table(_PHASES, rows).rstrip()
    if results["growth"]:
        yield "## Memory while nothing else was done\n\n" + _growth(results["growth"])
    if results["minutes"]:
        rows = [_minute_row(one) for one in results["minutes"]]
        yield "## Latency by the minute\n\n" + markdown_table(_MINUTES, rows).rstrip()
    if results["fuzz"]:
        rows = [_reader_row(one) for one in results["fuzz"]]
        yield "## Readers, fuzzed\n\n" + markdown_table(_READERS, rows).rstrip()


def about(results: Results) -> str:
    """What all figures depend on."""
    plan, node, machine = results["plan"], results["node"], results["machine"]
    busy = results["other_load"]["cores_busy_with_others"]
    others = "unknown" if busy is None else f"{busy:.2f}"
    runs = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in node.items())
    return (
        f"{results['date']}, {machine['processor']}, {machine['cores']} cores; "
        f"others kept {others} cores busy. "
        f"{plan['camera']} at {plan['rate_hz']:g} Hz; {runs or 'the node did not say what runs'}."
    )


def _phase_row(phase: Mapping[str, Any]) -> tuple[str, ...]:
    latency = phase.get("latency_ms", {})
    seconds = f"{phase['ended_s'] - phase['begun_s']:.0f}" if "ended_s" in phase else ""
    counts = (_count(phase, name) for name in ("sent", "answered", "skipped", "unheard"))
    lost = [_count(phase, f"{what}_lost") for what in ("labels", "colors")]
    said = "; ".join([*phase["complaints"], phase["facts"]])
    return (
        phase["name"].replace("_", " "),
        seconds,
        *counts,
        " + ".join(filter(None, lost)),
        *(_number(latency.get(name)) for name in ("p50", "p99")),
        "held" if phase["is_met"] else "**FAILED**",
        said.replace("|", "/").replace("\n", " "),
    )


def _count(phase: Mapping[str, Any], name: str) -> str:
    count = phase.get(name)
    return "" if count is None else str(count)


def _growth(growth: Mapping[str, Mapping[str, float]]) -> str:
    names = {"rss_mib": "resident", "private_mib": "resident and not shared"}
    lines = (
        f"- {names[name]}: {one['level_mib']:.1f} MiB, {one['percent']:+.3f} % in "
        f"{one['seconds']:.0f} s ({one['percent_per_hour']:+.2f} % an hour, were it to go on)"
        for name, one in growth.items()
    )
    return "\n".join(lines)


def _minute_row(minute: Mapping[str, Any]) -> tuple[str, ...]:
    spread = (_number(minute.get(name)) for name in ("p50", "p99", "max"))
    return (str(minute["minute"]), str(minute["answered"]), *spread)


def _reader_row(reader: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("target", "runs", "seconds", "rss_early_mb", "rss_late_mb")
    finding = reader["finding"] or "none"
    return (*(str(reader[name]) for name in names), finding.replace("|", "/"))


def _number(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.2f}"
