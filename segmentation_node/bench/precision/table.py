"""The figures of a comparison of precisions as tables, on the screen and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segmentation_node.bench.comparison import Table, percent
from segmentation_node.bench.part_tables import size_heads
from segmentation_node.bench.precision.bootstrap import GAIN, NOISE, TOO_FEW
from segmentation_node.training.markdown import markdown_table

Figures = Mapping[str, Any]

_MEGABYTE = 10**6
_NOTES = """\
- **runs in**: asked of the runtime; behind int8, what the layers run in that are not int8.
- **drop**: points of mean IoU below fp32, over the classes that occur in the annotation; the
  interval holds 95 % of {resamples} draws (seed {seed}) of blocks of at most {block} consecutive
  frames, the same blocks for both precisions. *{noise}*: the interval holds 0. Of many intervals
  one in twenty leaves 0 out by chance.
- **as fp32**: share of all pixels with the label that fp32 gives.
- **ms**: from the camera image in memory to its labels, copies and synchronisation inside, each
  frame through all rows in turns in one run, no frame left out; **x fp32** is the ratio of the
  medians, **network x** the same of the network alone.
"""


def tables(figures: Figures) -> tuple[Table, ...]:
    """A table of all precisions, one by condition, and one by size where there are things.

    Args:
        figures: From `bench.precision.run`.
    """
    about = about_figures(figures)
    made = [_main(figures), _by_condition(figures)]
    if all("by_size" in row for row in figures["rows"]):
        made.append(_by_size(figures))
    return tuple(Table(f"{table.title}\n{about}", table.head, table.rows) for table in made)


def about_figures(figures: Figures) -> str:
    """What all figures depend on, in a line."""
    return "{data}, {frames} frames, {network_size} {fit}, {engine}, {device}".format(**figures)


def markdown(figures: Figures) -> str:
    """The tables with what is needed to read them.

    Args:
        figures: From `bench.precision.run`.
    """
    sections = [
        f"## {table.title.splitlines()[0]}\n\n"
        + markdown_table([" ".join(head.split("\n")) for head in table.head], table.rows)
        for table in tables(figures)
    ]
    notes = _NOTES.format(**figures["resampling"], noise=NOISE)
    title = f"# Precisions compared\n\n{about_figures(figures)}.\n\n"
    title += weights_table(figures) + _calibration(figures)
    return "\n".join([title, *sections, notes])


def drop_text(drop: Figures) -> str:
    """A drop in a few words: the points, or why there are none to tell."""
    if drop["verdict"] in {NOISE, TOO_FEW}:
        return str(drop["verdict"])
    if drop["verdict"] == GAIN:
        return f"gains {-drop['points']:.2f}"
    return f"{drop['points']:.2f}"


def runs_in(row: Figures, figures: Figures) -> str:
    """The precision in use, with that of the rest where only some layers are int8."""
    precision = str(row["precision"])
    return f"{precision} + {figures['int8_rest']}" if precision == "int8" else precision


def megabytes(row: Figures) -> str:
    """Size on disk; from the smallest to the largest where weights differ by condition."""
    shown = dict.fromkeys(f"{size / _MEGABYTE:.1f}" for size in row["bytes"])
    return " to ".join(shown if len(shown) < 3 else (*list(shown)[:1], *list(shown)[-1:]))


def _main(figures: Figures) -> Table:
    head = (
        "precision",
        "runs in",
        "MB",
        "mIoU %",
        "drop",
        "95 % of draws",
        "as fp32 %",
        "ms p50",
        "ms p95",
        "x fp32",
        "network x",
    )
    rows = tuple(_main_row(row, figures) for row in figures["rows"])
    return Table("By precision", head, rows)


def _main_row(row: Figures, figures: Figures) -> tuple[str, ...]:
    latency, is_reference = row["latency"], row is figures["rows"][0]
    return (
        row["name"],
        runs_in(row, figures),
        megabytes(row),
        percent(row["miou"]),
        "–" if is_reference else drop_text(row["drop"]),
        "–" if is_reference else interval_text(row["drop"]),
        f"{100 * row['agreement']:.2f}",
        f"{latency['segment_ms']['p50']:.2f}",
        f"{latency['segment_ms']['p95']:.2f}",
        f"{latency['ratio']['segment']['p50']:.2f}",
        f"{latency['ratio']['inference']['p50']:.2f}",
    )


def interval_text(drop: Figures) -> str:
    """The interval of a drop, in points."""
    return "–" if drop["low"] is None else f"{drop['low']:.2f} to {drop['high']:.2f}"


def _by_condition(figures: Figures) -> Table:
    names = [group for one in figures["weights"] for group in one["groups"]]
    rows = []
    for row in figures["rows"]:
        parts = [row["by_condition"][name] for name in names]
        first = row is figures["rows"][0]
        rows.append((row["name"], *(_score_and_drop(part, first) for part in parts)))
    head = [_condition(name, figures) for name in names]
    return Table("By condition: mIoU % (drop)", ("precision", *head), tuple(rows))


def _condition(name: str, figures: Figures) -> str:
    frames = figures["rows"][0]["by_condition"][name]["frames"]
    weights = next(one for one in figures["weights"] if name in one["groups"])
    return f"{name}\n{frames} frames\n{_model(weights)}"


def _model(weights: Figures) -> str:
    told = f"{weights['model_file']} {weights['model_sha256'][:8]}"
    return f"{told}, never saw it" if weights["never_saw_them"] else told


def _score_and_drop(part: Figures, is_reference: bool) -> str:
    score = percent(part["miou"])
    return score if is_reference else f"{score} ({drop_text(part['drop'])})"


def _by_size(figures: Figures) -> Table:
    bands = figures["rows"][0]["by_size"]["bands"]
    rows = tuple(
        (row["name"], *(percent(row["by_size"]["mean"][band]["iou"]) for band in bands))
        for row in figures["rows"]
    )
    return Table("Things by size: mean IoU %", ("precision", *size_heads(figures["rows"][0])), rows)


def weights_table(figures: Figures) -> str:
    """Which weights each condition was scored with, in Markdown.

    Args:
        figures: With `weights`, as `bench.precision.provenance` gives them.
    """
    rows = [
        (
            ", ".join(one["groups"]),
            f"{one['model']} ({one['model_file']}, {one['model_sha256'][:8]})",
            "no" if one["never_saw_them"] else "not said",
        )
        for one in figures["weights"]
    ]
    return markdown_table(("scored on", "weights", "seen in training"), rows)


def light_of(calibration: Figures) -> str:
    """How many images a network was calibrated on, and how many in each light."""
    light = ", ".join(f"{count} {name}" for name, count in calibration["conditions"].items())
    return f"{calibration['images']} images: {light}"


def _calibration(figures: Figures) -> str:
    lines = [
        f"- weights of {', '.join(one['groups'])}: calibrated on {light_of(one['calibration'])}\n"
        for one in figures["weights"]
    ]
    return "\n" + "".join(lines)
