"""The paper's tables 10 and 11 with today's tools: what each optimisation does to size and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation_node.bench.benchmark.configuration import told_apart
from segmentation_node.bench.benchmark.figures import latency, ratio
from segmentation_node.bench.benchmark.opening import file_bytes, whole_frames
from segmentation_node.bench.benchmark.optimising import Optimising
from segmentation_node.bench.benchmark.plan import Plan
from segmentation_node.bench.benchmark.turns import Record, Run, take_turns
from segmentation_node.bench.camera_images import read_frames
from segmentation_node.bench.precision.networks import Quantising, network
from segmentation_node.bench.precision.variants import Variant, variants
from segmentation_node.core.frame import Frame
from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.preprocess import preprocess
from segmentation_node.engines import available_engines
from segmentation_node.errors import SegmentationError
from segmentation_node.model import Model, load_model
from segmentation_node.pipeline import Segmenter

STAGE = "inference"
"""What is timed: the network alone, as in the paper."""

Figures = dict[str, Any]
Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class _Step:
    """An optimisation on an engine: its name, and how to open it; that gives what to run."""

    optimisation: str
    engine: str
    open: Callable[[ExitStack], tuple[Run, Figures]]


@dataclass(frozen=True, eq=False)
class _Setting:
    """What all networks share."""

    frames: Sequence[Frame]
    plan: Plan
    wanted: Optimising
    folder: Path
    progress: Progress
    say: Say


@dataclass(frozen=True, eq=False)
class _Bench:
    """What the steps of one network share."""

    model: Model
    called: str
    size: NetworkSize
    setting: _Setting

    @property
    def folder(self) -> Path:
        """Where its networks of other precisions go."""
        return self.setting.folder / self.called.replace("/", "-")

    @property
    def how(self) -> Quantising:
        """How these are made."""
        wanted = self.setting.wanted
        return Quantising(wanted.calibration, size=self.size, limit=wanted.limit)


def optimisation_rows(
    wanted: Optimising, plan: Plan, folder: Path, progress: Progress, say: Say
) -> list[Figures]:
    """Open each network with each optimisation, and time all of a network in turns.

    Args:
        wanted: Which networks.
        plan: How.
        folder: Where networks of other precisions go.
        progress: Called with the name of a step, how much of it is done, and of all.
        say: Called with each sentence that the user should read.

    Returns:
        A row for each network, optimisation and engine; what fails has its error there.

    Raises:
        MediaError: The camera images cannot be read.
    """
    images = read_frames(plan.images, plan.camera, plan.different)
    frames = [Frame.from_array(one) for one in images]
    setting = _Setting(frames, plan, wanted, folder, progress, say)
    called = told_apart([model for model, _ in wanted.networks])
    rows = []
    for model, size in wanted.networks:
        rows += _of_network_or_why_not(model, called[model], size, setting)
    return rows


def _of_network_or_why_not(
    path: str, name: str, size: NetworkSize | None, setting: _Setting
) -> list[Figures]:
    try:
        model = load_model(path)
        at = size or model.default_size
        model.check_size(at)
        return _of_network(_Bench(model, name, at, setting))
    except SegmentationError as error:
        return [{**_empty(name, size, "as_exported", ""), "error": str(error)}]


def _of_network(bench: _Bench) -> list[Figures]:
    plan, progress = bench.setting.plan, bench.setting.progress
    bench.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        rows, runs = [], {}
        for step in (*_graph_levels(bench), *_precisions(bench)):
            row = _empty(bench.called, bench.size, step.optimisation, step.engine)
            rows.append(row)
            try:
                runs[len(rows) - 1], facts = step.open(stack)
                row |= facts
            except SegmentationError as error:
                row["error"] = str(error)
        records = take_turns(
            runs, plan, lambda *at: progress(f"optimisations of {bench.called}", *at)
        )
        for at, record in records.items():
            rows[at] |= _timed(record, records[min(records)], plan)
        return rows


def _timed(record: Record, reference: Record, plan: Plan) -> Figures:
    if not record.turns:
        return {"error": record.error}
    return {
        "error": record.error,
        "inference_ms": latency(record, plan)[STAGE],
        "ratio": ratio(record, reference, STAGE, plan) if reference.turns else None,
    }


def _empty(model: str, size: NetworkSize | None, optimisation: str, engine: str) -> Figures:
    return {
        "model": model,
        "network_size": "default size" if size is None else str(size),
        "optimisation": optimisation,
        "engine": engine,
        "precision": None,
        "bytes": None,
        "nodes": None,
        "inference_ms": None,
        "ratio": None,
        "error": "",
    }


def _graph_levels(bench: _Bench) -> Iterator[_Step]:
    # Imported here: ONNX Runtime takes a second, and only these steps need it.
    from segmentation_node.bench.benchmark.graph_levels import LEVELS, GraphLevel  # noqa: PLC0415

    spec, first = bench.model.input, bench.setting.frames[0]
    how = fit(spec.fit, first.height, first.width, bench.size)
    inputs = [preprocess(frame, how, spec) for frame in bench.setting.frames]
    for level in LEVELS:

        def opened(_: ExitStack, level: str = level) -> tuple[Run, Figures]:
            found = GraphLevel(bench.model, bench.size, level, bench.folder / f"{level}.onnx")
            sizes = {"onnx": found.bytes, "plan": None}
            return found.run_on(inputs), {"precision": "fp32", "bytes": sizes, "nodes": found.nodes}

        yield _Step(level, GraphLevel.engine, opened)


def _precisions(bench: _Bench) -> Iterator[_Step]:
    for report in available_engines():
        if report.problem:
            bench.setting.say(f"no rows of {report.name}: {report.problem}")
            continue
        for variant in _variants(report.precisions, bool(bench.how.images)):

            def opened(
                stack: ExitStack, variant: Variant = variant, engine: str = report.name
            ) -> tuple[Run, Figures]:
                return _open_precision(bench, variant, engine, stack)

            yield _Step(variant.name, f"{report.name} ({report.runtime})", opened)


def _variants(can: Sequence[str], is_calibrated: bool) -> list[Variant]:
    """The precisions; int8 by the usual way of calibrating, or as it is found."""
    floats = [one for one in variants(can) if not one.method]
    calibrated = Variant("int8", "int8", "percentile")
    return [*floats, calibrated if is_calibrated else Variant("int8", ask="int8")]


def _open_precision(
    bench: _Bench, variant: Variant, engine: str, stack: ExitStack
) -> tuple[Run, Figures]:
    setting = bench.setting
    path = str(bench.model.path)
    found = network(path, variant, bench.how, bench.folder, setting.progress, setting.say)
    segmenter = stack.enter_context(
        Segmenter.load(found.path, engine=engine, precision=variant.ask, network_size=bench.size)
    )
    facts = {"precision": segmenter.precision, "bytes": file_bytes(segmenter)}
    return whole_frames(segmenter, bench.setting.frames), facts
