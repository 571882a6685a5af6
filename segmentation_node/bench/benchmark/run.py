"""The whole benchmark, from what is asked for to files."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.bench.benchmark.machine import OtherLoad, machine, versions
from segmentation_node.bench.benchmark.optimising import Optimising
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.power import PowerLog
from segmentation_node.bench.benchmark.rows import Meter, Progress, measured_rows
from segmentation_node.bench.benchmark.schema import KIND, SCHEMA, shortened, write_benchmark
from segmentation_node.bench.benchmark.table import markdown
from segmentation_node.bench.output import drawing, networks_folder
from segmentation_node.datasets import Dataset
from segmentation_node.files import write_whole
from segmentation_node.hardware import find_power_sensors

Figures = dict[str, Any]
Say = Callable[[str], None]

_CHART = "segmentation_node.bench.benchmark.chart"


@dataclass(frozen=True)
class Wanted:
    """What to measure.

    Args:
        configurations: The rows.
        plan: How.
        name: What to call the machine; what it is where empty.
        data: What to score on; None scores nothing.
        optimising: Which networks the optimisation table is made for; None makes none.
    """

    configurations: tuple[Configuration, ...]
    plan: Plan = field(default_factory=Plan)
    name: str = ""
    data: Dataset | None = None
    optimising: Optimising | None = None


def benchmark(wanted: Wanted, output: Path | None, progress: Progress, say: Say) -> Figures:
    """Measure everything, and write it.

    Args:
        wanted: What to measure.
        output: Folder for figures (JSON), tables (Markdown), charts (PNG) and the networks of
            other precisions; None leaves no files.
        progress: Called with the name of a step, how much of it is done, and of all.
        say: Called with each sentence that the user should read.

    Returns:
        All figures, as docs/benchmark.md describes them.

    Raises:
        SegmentationError: Camera images or data cannot be read, or a file not be written. What a
            configuration lacks is said in its row.
    """
    draw = None if output is None else drawing(_CHART, "draw_charts")
    with networks_folder(output) as folder:
        figures: Figures = shortened(_measured(wanted, folder, progress, say))
    if output is not None and draw is not None:
        write_benchmark(output / "benchmark.json", figures)
        write_whole(output / "benchmark.md", markdown(figures).encode())
        draw(output, figures)
    return figures


def _measured(wanted: Wanted, folder: Path, progress: Progress, say: Say) -> Figures:
    plan, others = wanted.plan, OtherLoad()
    with PowerLog(find_power_sensors(), plan.period_s) as log:
        meter = Meter(log, _idle_w(log, plan, say))
        rows = measured_rows(wanted.configurations, plan, wanted.data, meter, progress)
    optimisations = _optimisations(wanted, folder, progress, say)
    sensors = zip(log.sensors, meter.idle_w, strict=True)
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "measured_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(wanted.name),
        "versions": versions(),
        "settings": _settings(wanted),
        "other_load": others.to_mapping(),
        "power_sensors": [
            {"name": one.name, "covers": one.covers, "idle_w": idle} for one, idle in sensors
        ],
        "rows": rows,
        "optimisations": optimisations,
    }


def _optimisations(wanted: Wanted, folder: Path, progress: Progress, say: Say) -> list[Figures]:
    if wanted.optimising is None:
        return []
    # Imported here: who measures networks as they are needs neither onnx nor onnxruntime.
    from segmentation_node.bench.benchmark.optimisations import (  # noqa: PLC0415
        optimisation_rows,
    )

    return optimisation_rows(wanted.optimising, wanted.plan, folder, progress, say)


def _idle_w(log: PowerLog, plan: Plan, say: Say) -> list[float | None]:
    if not log.sensors:
        return []
    say(f"measuring idle power for {plan.idle_s:g} s: leave the machine alone")
    return log.mean_w([log.wait_for(plan.idle_s)])


def _settings(wanted: Wanted) -> Figures:
    asked = wanted.optimising
    return {
        **wanted.plan.to_mapping(),
        "outputs": "labels and colours",
        "data": None if wanted.data is None else wanted.data.name,
        "optimisations": asked is not None,
        "calibrated_here": bool(asked and asked.calibration),
        "calibration_limit": asked.limit if asked else None,
    }
