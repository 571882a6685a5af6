"""The demo from beginning to end: a bag, three processes, and what is left in the folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from segmentation_node.core.labels import LabelSet
from segmentation_node.demo.contact_sheet import ContactSheet
from segmentation_node.demo.figures import figures
from segmentation_node.demo.frames import DemoFrame, frames
from segmentation_node.demo.latency_plot import plot_latency
from segmentation_node.demo.movie import Movie
from segmentation_node.demo.score import Score
from segmentation_node.demo.session import Outcome, Session
from segmentation_node.demo.settings import DemoSettings, Progress
from segmentation_node.demo.source import Source, prepare
from segmentation_node.errors import OutputError, TransportError
from segmentation_node.files import write_json
from segmentation_node.media.images import write_image
from segmentation_node.model import load_model

MOVIE, SHEET, PLOT, FIGURES = "demo.mp4", "contact_sheet.png", "latency.png", "demo.json"
RECORDING, LOG = "recording.mcap", "node.log"
_SCRATCH = ".running-"


def run_demo(settings: DemoSettings, progress: Progress) -> dict[str, Any]:
    """Replay a drive to the node in real time, record its answers, and show them.

    Args:
        settings: What the demo is asked for.
        progress: Called with a step (render, start, replay or draw), what is done and what there
            is.

    Returns:
        What `demo.json` holds.

    Raises:
        SegmentationError: The input, the model or this machine is not up to it; no process is
            left behind.
    """
    labels = load_model(settings.pipeline.model).labels  # a wrong name is found before anything
    _make_folder(settings.output)
    scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=settings.output))
    try:
        source = prepare(settings, scratch, lambda done, all_: progress("render", done, all_))
        with Session(source, settings, scratch, progress) as session:
            outcome = session.run()
        return _show(settings, source, outcome, labels, progress)
    finally:
        _keep(scratch, settings.output)


def _show(
    settings: DemoSettings, source: Source, outcome: Outcome, labels: LabelSet, progress: Progress
) -> dict[str, Any]:
    score = Score(labels, source.label_set)
    sheet = ContactSheet(labels, len(outcome.sent))
    caption = _caption(outcome)
    rows: list[tuple[float, float | None]] = []
    with Movie(settings.output / MOVIE, _rate(outcome), labels, caption) as movie:
        for frame in _told(frames(source, outcome), len(outcome.sent), progress):
            movie.add(frame)
            sheet.add(frame)
            score.add(frame)
            rows.append((frame.time_s, frame.latency_ms))
    found = {"input": source.title, **_figures(outcome, rows), **score.figures()}
    drawn = sheet.draw(source.title, caption, score.iou)
    write_image(settings.output / SHEET, drawn)
    _plot(settings.output / PLOT, rows, found, source.title, caption)
    write_json(settings.output / FIGURES, found)
    check_heard(found)
    return found


def check_heard(found: Mapping[str, Any]) -> None:
    """Refuse to show a run in which answers were made and none arrived as a slow one.

    Args:
        found: The figures of the run.

    Raises:
        TransportError: The node answered, and no answer was heard.
    """
    if found["frames_processed"] and not found["frames_answered"]:
        raise TransportError(
            received=f"none of the {found['frames_processed']} label images that the node made",
            expected="label images over DDS, from one process of this machine to another",
            fix="read node.log; `segmentation doctor` checks DDS on this machine",
        )


def _figures(outcome: Outcome, rows: list[tuple[float, float | None]]) -> dict[str, Any]:
    return figures(outcome, [latency_ms for _, latency_ms in rows if latency_ms is not None])


def _plot(
    path: Path,
    rows: list[tuple[float, float | None]],
    found: dict[str, Any],
    title: str,
    caption: str,
) -> None:
    answered = [(time_s, latency) for time_s, latency in rows if latency is not None]
    unanswered = [time_s for time_s, latency in rows if latency is None]
    share = f"{len(answered)} of {len(rows)} frames answered"
    plot_latency(
        path, answered, unanswered, found["latency_ms"], f"Latency: {title}", f"{caption}, {share}"
    )


def _told(shown: Iterable[DemoFrame], total: int, progress: Progress) -> Iterable[DemoFrame]:
    for frame in shown:
        progress("draw", frame.index + 1, total)
        yield frame


def _caption(outcome: Outcome) -> str:
    """With what the answers were made: a figure means nothing without it."""
    facts = outcome.diagnostics
    size = facts.get("network_size", "").replace("x", "×")
    made = f"{facts.get('model')} at {size}, {facts.get('precision')}"
    return f"{made}, {facts.get('engine')} on {facts.get('device')}"


def _rate(outcome: Outcome) -> float:
    """Frames a second that were sent, so that the video runs in real time."""
    first_ns, last_ns = outcome.sent[0][0], outcome.sent[-1][0]
    return 1e9 * (len(outcome.sent) - 1) / (last_ns - first_ns) if last_ns > first_ns else 30.0


def _make_folder(folder: Path) -> None:
    """Make the folder, free of what a run before left: old figures must not pass for new ones."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (MOVIE, SHEET, PLOT, FIGURES, RECORDING, LOG):
            (folder / name).unlink(missing_ok=True)
        for abandoned in folder.glob(f"{_SCRATCH}*"):
            shutil.rmtree(abandoned)
    except OSError as error:
        raise OutputError(
            received=f"{folder} ({error.strerror})",
            expected="a folder that can be written to",
            fix="choose another one with --output",
        ) from error


def _keep(scratch: Path, output: Path) -> None:
    """Keep the recording and the node's log; leave nothing else of what was in between."""
    for name in (RECORDING, LOG):
        with suppress(FileNotFoundError):
            (scratch / name).replace(output / name)
    shutil.rmtree(scratch, ignore_errors=True)
