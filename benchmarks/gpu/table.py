"""The figures of the pipeline on a GPU as tables, on the screen and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.gpu.cameras import IN_TURNS, TOGETHER
from segmentation_node.bench.comparison import Table
from segmentation_node.training.markdown import markdown_table

Figures = Mapping[str, Any]

_STEPS = ("copy_in", "preprocess", "inference", "postprocess", "copy_out")
_PERCENTILES = ("p50", "p95", "p99", "max")
_OF_ROUNDS = ("p50", "p95", "max")
_NOTES = """\
Frames of noise, none left out. Steps by events on the GPU; whole frames by the processor's clock,
from the camera image in main memory to labels and colours there. *At least*: the bytes that the
step must move, each once, at the bandwidth measured for large blocks in the same run (a cache may
beat it). *Overhead*: the GPU's time for the frame without that of the network. *In turns*, on an
engine of one image, and *together*, in one execution of an engine built for as many as there are
cameras: milliseconds from when every camera has a frame to the last result, the two by turns. One
camera is the same work both ways, and shows how far the figures scatter.
"""


def tables(figures: Figures) -> tuple[Table, ...]:
    """Steps against their rooflines, whole frames, and several cameras.

    Args:
        figures: From `benchmarks.gpu.run`.
    """
    return _steps(figures), _frames(figures), _cameras(figures)


def about(figures: Figures) -> str:
    """What all figures depend on, in a line."""
    return (
        "{date}, {device}, {model} {precision} at {network_size}, camera {camera}, {engine}, "
        "{memory} memory, {launches}, {frames} frames"
    ).format(**figures)


def markdown(figures: Figures) -> str:
    """The tables with what is needed to read them.

    Args:
        figures: From `benchmarks.gpu.run`.
    """
    sections = [
        f"{table.title}\n\n{markdown_table(table.head, table.rows)}" for table in tables(figures)
    ]
    return f"{about(figures)}.\n\n" + "\n".join(sections) + f"\n{_NOTES}"


def _steps(figures: Figures) -> Table:
    steps, least = figures["steps_ms"], figures["least_ms"]
    rows = [_step(name, steps[name]["p50"], steps[name]["p95"], least.get(name)) for name in _STEPS]
    frame, network = steps["frame"]["p50"], steps["inference"]["p50"]
    rows.append(_step("whole frame on the GPU", frame, steps["frame"]["p95"], None))
    rows.append(("overhead over the network", f"{frame - network:.3f}", "", "", ""))
    return Table(
        "Steps by the GPU's events", ("step", "p50 ms", "p95 ms", "at least", "ratio"), tuple(rows)
    )


def _step(name: str, p50: float, p95: float, least: float | None) -> tuple[str, ...]:
    roofline = ("", "") if least is None else (f"{least:.3f}", f"{p50 / least:.2f}")
    return (name, f"{p50:.3f}", f"{p95:.3f}", *roofline)


def _frames(figures: Figures) -> Table:
    plain = figures["plain_torch_ms"]["p50"]
    rows = [
        _row("segment, as enqueued above", figures["segment_ms"], plain),
        _row("segment, plain enqueue", figures["plain_enqueue_ms"], plain),
        _row("plain PyTorch, fp16", figures["plain_torch_ms"], plain),
    ]
    stream = figures["stream_ms"]
    rows.append(
        ("each of a stream, two under way", f"{stream:.3f}", *[""] * 3, f"{plain / stream:.2f}")
    )
    head = ("whole frame", *(f"{name} ms" for name in _PERCENTILES), "times plain PyTorch's speed")
    return Table("Whole frames by the processor's clock", head, tuple(rows))


def _row(name: str, times: Mapping[str, float], plain: float) -> tuple[str, ...]:
    figures = (f"{times[percentile]:.3f}" for percentile in _PERCENTILES)
    return (name, *figures, f"{plain / times['p50']:.2f}")


def _cameras(figures: Figures) -> Table:
    rows = tuple(_rates(count, times) for count, times in figures["cameras_ms"].items())
    head = (
        "cameras",
        *(f"{way}, {name} ms" for way in ("in turns", "together") for name in _OF_ROUNDS),
        "frames a second in turns",
        "together",
        "ratio",
    )
    return Table("Frames of several cameras that come at once, one network", head, rows)


def _rates(count: str, times: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    turns, batch = times[IN_TURNS], times.get(TOGETHER)
    rounds = (f"{turns[name]:.3f}" for name in _OF_ROUNDS)
    rate = 1e3 * int(count) / turns["p50"]
    if batch is None:
        # The network's layers fix the batch.
        return (count, *rounds, *[""] * len(_OF_ROUNDS), f"{rate:.0f}", "", "")
    batches = (f"{batch[name]:.3f}" for name in _OF_ROUNDS)
    faster = turns["p50"] / batch["p50"]
    return (count, *rounds, *batches, f"{rate:.0f}", f"{faster * rate:.0f}", f"{faster:.2f}")
