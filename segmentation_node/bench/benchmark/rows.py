"""Measures configurations in turns, and makes a row of figures of each; failures are rows too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from segmentation_node.bench.accuracy import provenance
from segmentation_node.bench.benchmark.configuration import Configuration
from segmentation_node.bench.benchmark.figures import latency, ratio, throughput
from segmentation_node.bench.benchmark.opening import (
    engine_kind,
    file_bytes,
    open_all,
    whole_frames,
)
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.power import PowerLog, device_power, power_figures
from segmentation_node.bench.benchmark.trial import try_out
from segmentation_node.bench.benchmark.turns import FRAME, Record, take_turns
from segmentation_node.bench.camera_images import read_frames
from segmentation_node.bench.evaluation import Evaluation
from segmentation_node.core.frame import Frame
from segmentation_node.datasets import Dataset
from segmentation_node.errors import SegmentationError
from segmentation_node.pipeline import Segmenter

Progress = Callable[[str, int, int], None]
Figures = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Meter:
    """Power, as it is read, and as it was before anything ran.

    Args:
        log: Reads the sensors.
        idle_w: Mean power of each sensor while nothing ran, watts.
    """

    log: PowerLog
    idle_w: Sequence[float | None]


def measured_rows(
    wanted: Sequence[Configuration],
    plan: Plan,
    data: Dataset | None,
    meter: Meter,
    progress: Progress,
) -> list[Figures]:
    """Try each configuration out on its own, then measure all that run, in turns, then score them.

    Args:
        wanted: What to measure.
        plan: How.
        data: What to score on; None scores nothing.
        meter: Measures power.
        progress: Called with the name of a step, how much of it is done, and of all.

    Returns:
        A row for each configuration, in their order.

    Raises:
        MediaError: The camera images cannot be read.
    """
    images = read_frames(plan.images, plan.camera, plan.different)
    trials = _trials(wanted, plan, progress)
    standing = [one for one in wanted if not trials[one]["error"]]
    with ExitStack() as stack:
        opened, errors = open_all(standing, plan, stack)
        frames = [Frame.from_array(image) for image in images]
        runs = {one: whole_frames(segmenter, frames) for one, segmenter in opened.items()}
        records = take_turns(runs, plan, lambda *at: progress("rounds", *at))
        field = _Field(opened, records, plan, meter)
        rows = {one: _empty(one, trials[one], errors.get(one, "")) for one in wanted}
        for one, segmenter in opened.items():
            rows[one] |= {**field.figures(one), "score": _score(segmenter, one, data, progress)}
        return list(rows.values())


@dataclass(frozen=True, eq=False)
class _Field:
    """All that ran, beside each other."""

    opened: Mapping[Configuration, Segmenter]
    records: Mapping[Configuration, Record]
    plan: Plan
    meter: Meter

    def figures(self, one: Configuration) -> Figures:
        """What was measured of one of them."""
        segmenter, record = self.opened[one], self.records[one]
        runs = {**provenance(segmenter), "model": one.title}
        facts = {"runs": runs, "bytes": file_bytes(segmenter)}
        if not record.turns:
            return {**facts, "error": record.error}
        times = latency(record, self.plan)
        return {
            **facts,
            "error": record.error,
            "latency_ms": times,
            "throughput": throughput(record, self.plan),
            "ratio": self._ratio(one),
            "power": self._power(engine_kind(segmenter), record, times),
        }

    def _ratio(self, one: Configuration) -> Figures:
        """Against the first configuration of the same model and size that ran."""
        size = self.opened[one].network_size
        reference = next(
            other
            for other, segmenter in self.opened.items()
            if other.model == one.model
            and segmenter.network_size == size
            and self.records[other].turns
        )
        pair = self.records[one], self.records[reference]
        stages = {stage: ratio(*pair, stage, self.plan) for stage in (FRAME, "inference")}
        return {"to": reference.name, **stages}

    def _power(self, engine: str, record: Record, times: Figures) -> Figures:
        frame_ms = 1e3 * record.seconds / record.frames
        means = self.meter.log.means([turn.span for turn in record.turns])
        sensors = power_figures(
            self.meter.log.sensors,
            self.meter.idle_w,
            means,
            frame_ms,
            times["inference"]["p50_ms"],
        )
        return {"device": device_power(engine, sensors), "sensors": sensors}


def _trials(
    wanted: Sequence[Configuration], plan: Plan, progress: Progress
) -> dict[Configuration, Figures]:
    trials = {}
    for done, one in enumerate(wanted, start=1):
        trials[one] = try_out(one, plan.camera)
        progress("trials", done, len(wanted))
    return trials


def _empty(asked: Configuration, trial: Figures, error: str) -> Figures:
    """A row without figures: what was asked for, and why it does not run where it does not."""
    memory = {key: value for key, value in trial.items() if key != "error"}
    return {
        "asked": {**asked.to_mapping(), "called": asked.title},
        "error": trial["error"] or error,
        "runs": None,
        "latency_ms": None,
        "throughput": None,
        "ratio": None,
        "bytes": None,
        "memory": memory or None,
        "power": None,
        "score": None,
    }


def _score(
    segmenter: Segmenter, one: Configuration, data: Dataset | None, progress: Progress
) -> Figures | None:
    if data is None:
        return None
    try:
        return Evaluation(data).score(segmenter, lambda *at: progress(f"score {one.name}", *at))
    except SegmentationError as error:
        return {"miou": None, "error": str(error)}
