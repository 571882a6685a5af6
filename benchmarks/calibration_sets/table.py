"""The matrix of calibration sets and lights, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segmentation_node.bench.comparison import percent
from segmentation_node.bench.precision.table import (
    drop_text,
    interval_text,
    light_of,
    runs_in,
    weights_table,
)
from segmentation_node.training.markdown import markdown_table

Figures = Mapping[str, Any]

_NOTES = """\
Calibrated from {calibrated_from}, by {method}.
Scored on {scored_on}.
Network size {network_size} {fit}, {engine}, {device}.

"""
_LEGEND = """\
Drop: points of mean IoU below fp32, with the interval of 95 % of {resamples} draws (seed {seed}) of
blocks of at most {block} consecutive frames. Agreement: pixels with the label that fp32 gives.
Beyond: activations of the float network whose magnitude exceeds their INT8 range, of all that are
quantised, on some frames of each drive.
"""


def markdown(experiments: Sequence[Figures]) -> str:
    """A section for each experiment.

    Args:
        experiments: From `bench.calibration_sets.run`.
    """
    sections = [_section(figures) for figures in experiments]
    legend = _LEGEND.format(**experiments[0]["resampling"])
    return "\n".join(["# Calibrated in one light, used in another\n", *sections, legend])


def _section(figures: Figures) -> str:
    lights = list(figures["rows"][0]["lights"])
    head = ["calibrated on", "of them", "runs in"]
    for light in lights:
        frames = figures["rows"][0]["lights"][light]["frames"]
        head += [f"{light} ({frames} frames): mIoU %", "drop", "agreement %", "beyond %"]
    rows = [
        (
            row["calibrated_on"],
            "–" if row["calibration"] is None else light_of(row["calibration"]),
            runs_in(row, figures),
            *(cell for light in lights for cell in _cells(row["lights"][light])),
        )
        for row in figures["rows"]
    ]
    title = f"## {' and '.join(lights)}, {figures['scored_on']}\n\n"
    table = markdown_table(head, rows)
    return title + _NOTES.format(**figures) + weights_table(figures) + "\n" + table


def _cells(part: Figures) -> tuple[str, ...]:
    share = part["beyond"]
    if share is None:
        return percent(part["miou"]), "–", "–", "–"
    return (
        percent(part["miou"]),
        _drop(part["drop"]),
        f"{100 * part['agreement']:.2f}",
        f"{100 * share:.4f}",
    )


def _drop(drop: Figures) -> str:
    told = drop_text(drop)
    return told if drop["low"] is None else f"{told} ({interval_text(drop)})"
