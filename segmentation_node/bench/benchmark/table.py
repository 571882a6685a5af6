"""The figures of a benchmark as tables, on the screen and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segmentation_node.bench.benchmark.interval import LEVEL
from segmentation_node.bench.comparison import Table, percent
from segmentation_node.bench.published import TEST_IMAGES
from segmentation_node.bench.sections import markdown_sections
from segmentation_node.pipeline import STAGES

Figures = Mapping[str, Any]

NONE = "–"
_MEGABYTE = 10**6
_BUSY_CORES = 0.2
"""Processors busy with others from which on a reader is warned."""

OPTIMISATIONS = {
    "as_exported": "graph as exported, nothing folded or fused",
    "folded": "+ constants folded, nodes removed",
    "fused": "+ layers fused",
    "layout": "+ memory layout of the processor",
    "fp32": "FP32, the runtime's own folding and fusion",
    "bf16": "bf16, the same graph",
    "fp16": "FP16 weights and tensors",
    "int8-weights": "INT8 weights alone",
    "int8": "INT8 weights and activations",
}
"""What each row of the optimisation table is."""

_NOTES = """\
- **ms**: from the camera image in memory to labels and colours, copies and synchronisation inside;
  all frames of {rounds} rounds, in which all configurations take turns; no frame is left out but
  the first {settle} of a turn. Intervals hold {level:g} % of {resamples} draws of rounds.
- **fps**: frames a second, one after the other. **x**: the round-by-round ratio of the medians to
  the first configuration of the same model and size.
- **MB**: the ONNX file, and the plan that TensorRT made of it (10^6 bytes).
- **MiB**: resident memory of a process that runs this configuration alone; on a GPU also what its
  memory grew by.
- **W**, **mJ**: average power while it ran, and energy of a frame; *idle off*: with the power
  before anything ran subtracted.
- **Wh**: energy for {images} images by the formula of the paper's section 5.5, 1525 I P / 3600000,
  with the median inference I and the average power P as it was read.
"""


def tables(figures: Figures) -> tuple[Table, ...]:
    """Configurations by speed, by stage and by power, and optimisations where they were measured.

    Args:
        figures: From `bench.benchmark.run`.
    """
    rows = figures["rows"]
    found = [_speed(rows), _stages(rows), _power(rows)]
    if any(row["score"] for row in rows):
        found.append(_scores(rows))
    if figures["optimisations"]:
        found.append(_optimisations(figures["optimisations"]))
    return tuple(table for table in found if table.rows)


def markdown(figures: Figures) -> str:
    """The tables with what is needed to read them.

    Args:
        figures: From `bench.benchmark.run`.
    """
    settings = figures["settings"]
    notes = _NOTES.format(**{**settings, "level": LEVEL, "images": TEST_IMAGES})
    head = f"# Benchmark: {figures['machine']['name']}\n\n{about(figures)}\n"
    return "\n".join([head, markdown_sections(tables(figures)), notes])


def about(figures: Figures) -> str:
    """What all figures depend on, in two sentences, and a warning where others kept it busy."""
    machine, settings = figures["machine"], figures["settings"]
    parts = (machine["processor"], f"{machine['cores']} cores", machine["gpu"], machine["system"])
    told = ", ".join(part for part in parts if part)
    told += f". Measured at {figures['measured_at']}, camera {settings['camera']}, "
    told += f"{settings['images']} images."
    others = figures["other_load"]["cores_busy_with_others"]
    if others is not None and others > _BUSY_CORES:
        told += f" Meanwhile other programs kept {others:.1f} cores busy: do not quote these times."
    return told


def configuration_name(row: Figures) -> str:
    """What was measured, in words: what runs where it does, else what was asked for."""
    runs, asked = row["runs"], row["asked"]
    if runs is None:
        size = asked["network_size"] or "default size"
        model = asked.get("called") or Path(asked["model"]).stem
        return f"{model} {size} {asked['precision']}, {asked['engine']}"
    engine = runs["engine"].partition(" ")[0]
    return f"{runs['model']} {runs['network_size']} {runs['precision']}, {engine}"


def interval_text(value: float, ends: Sequence[float] | None, digits: int = 2) -> str:
    """A figure with its interval, where there are rounds enough for one."""
    told = f"{value:.{digits}f}"
    return told if ends is None else f"{told} ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})"


def percentile_text(times: Figures, percentile: str) -> str:
    """A percentile in milliseconds, with its interval."""
    ends = times["intervals"] and times["intervals"][percentile]
    return interval_text(times[percentile], ends)


def megabytes(size: int | None) -> str:
    """A file's size; a dash where there is no file."""
    return NONE if size is None else f"{size / _MEGABYTE:.3f}"


def figure(value: float | None, digits: int = 2) -> str:
    """A figure, or a dash."""
    return NONE if value is None else f"{value:.{digits}f}"


def _failed(row: Figures) -> str:
    """The name of a configuration, with why it failed where it did."""
    name = configuration_name(row)
    return f"{name}: {row['error']}" if row["error"] else name


def _speed(rows: Sequence[Figures]) -> Table:
    percentiles = ("p50 ms", "p95 ms", "p99 ms")
    head = ("configuration", *percentiles, "fps", "x", "MB", "plan MB", "MiB", "MiB on GPU")
    return Table("Speed, size and memory", head, tuple(_speed_row(row) for row in rows))


def _speed_row(row: Figures) -> tuple[str, ...]:
    memory, sizes = row["memory"] or {}, row["bytes"] or {}
    rest = (
        megabytes(sizes.get("onnx")),
        megabytes(sizes.get("plan")),
        figure(memory.get("rss_mib"), 0),
        figure(memory.get("device_mib"), 0),
    )
    if row["latency_ms"] is None:
        return (_failed(row), *[NONE] * 5, *rest)
    times, rate, against = row["latency_ms"]["frame"], row["throughput"], row["ratio"]
    return (
        _failed(row),
        *(percentile_text(times, name) for name in ("p50_ms", "p95_ms", "p99_ms")),
        interval_text(rate["fps"], rate["interval"], 1),
        interval_text(against["frame"]["p50"], against["frame"]["interval"]),
        *rest,
    )


def _stages(rows: Sequence[Figures]) -> Table:
    head = ("configuration", *(f"{stage}\np50 / p95 / p99 ms" for stage in STAGES))
    shown = []
    for row in rows:
        if row["latency_ms"] is not None:
            cells = (_three(row["latency_ms"][stage]) for stage in STAGES)
            shown.append((configuration_name(row), *cells))
    return Table("Latency by stage", head, tuple(shown))


def _three(times: Figures) -> str:
    return " / ".join(f"{times[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms"))


def _power(rows: Sequence[Figures]) -> Table:
    head = (
        "configuration",
        "measured",
        "W",
        "W idle off",
        "mJ a frame",
        "mJ idle off",
        f"Wh for {TEST_IMAGES}",
        "Wh idle off",
    )
    measured = (row for row in rows if row["power"] is not None)
    return Table("Power and energy", head, tuple(_power_row(row) for row in measured))


def _power_row(row: Figures) -> tuple[str, ...]:
    found = row["power"]["device"]
    name = configuration_name(row)
    if found["why_not"]:
        return (name, f"not measured: {found['why_not']}", *[NONE] * 6)
    wh = f"wh_{TEST_IMAGES}"
    return (
        name,
        found["covers"],
        *(figure(found[key]) for key in ("mean_w", "above_idle_w")),
        *(figure(found[key], 1) for key in ("mj_per_frame", "mj_per_frame_above_idle")),
        *(figure(found[key], 4) for key in (wh, f"{wh}_above_idle")),
    )


def _scores(rows: Sequence[Figures]) -> Table:
    head = ("configuration", "data", "mIoU %", "pixel acc. %")
    return Table("Scores", head, tuple(_score_row(row) for row in rows if row["score"]))


def _score_row(row: Figures) -> tuple[str, ...]:
    score, name = row["score"], configuration_name(row)
    if score.get("error"):
        return (f"{name}: {score['error']}", *[NONE] * 3)
    told = (f"{score['data']}, {score['frames']} images", percent(score["miou"]))
    return (name, *told, percent(score["pixel_accuracy"]))


def _optimisations(rows: Sequence[Figures]) -> Table:
    head = ("optimisation", "network", "engine", "runs in", "MB", "plan MB", "nodes", "p50 ms", "x")
    return Table(
        "Optimisations: the network alone", head, tuple(_optimisation_row(row) for row in rows)
    )


def _optimisation_row(row: Figures) -> tuple[str, ...]:
    name = OPTIMISATIONS.get(row["optimisation"], row["optimisation"])
    sizes, times, against = row["bytes"] or {}, row["inference_ms"], row["ratio"]
    return (
        f"{name}: {row['error']}" if row["error"] else str(name),
        f"{row['model']} {row['network_size']}",
        row["engine"].partition(" ")[0],
        row["precision"] or NONE,
        megabytes(sizes.get("onnx")),
        megabytes(sizes.get("plan")),
        figure(row["nodes"], 0),
        NONE if times is None else percentile_text(times, "p50_ms"),
        NONE if against is None else interval_text(against["p50"], against["interval"]),
    )
