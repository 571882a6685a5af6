"""The demo from beginning to end: a bag, three processes, and what is left in the folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
from segmentation_node.media.images import write_image, writing
from segmentation_node.model import load_model
from segmentation_node.offline.kinds import kind_of

MOVIE, SHEET, PLOT, FIGURES = "demo.mp4", "contact_sheet.png", "latency.png", "demo.json"
RECORDING, LOG = "recording.mcap", "node.log"
_RESULTS = (MOVIE, SHEET, PLOT, RECORDING)
_SCRATCH = ".running-"


def run_demo(settings: DemoSettings, progress: Progress) -> dict[str, Any]:
    """Replay a drive to the node in real time, record its answers, and show them.

    What a demo before left in the folder is replaced when all of the new is there, and not before.

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
    if settings.source is not None:
        kind_of(settings.source)
    with _scratch(settings.output) as scratch:
        source = prepare(settings, scratch, lambda done, all_: progress("render", done, all_))
        with Session(source, settings, scratch, progress) as session:
            outcome = session.run()
        found = _show(scratch, source, outcome, labels, progress)
        for name in (*_RESULTS, FIGURES):
            (scratch / name).replace(settings.output / name)
    return found


def _show(
    folder: Path, source: Source, outcome: Outcome, labels: LabelSet, progress: Progress
) -> dict[str, Any]:
    score = Score(labels, source.label_set)
    sheet = ContactSheet(labels, len(outcome.sent))
    caption = _caption(outcome)
    rows: list[tuple[float, float | None]] = []
    with Movie(folder / MOVIE, _rate(outcome), labels, caption) as movie:
        for frame in _told(frames(source, outcome), len(outcome.sent), progress):
            movie.add(frame)
            sheet.add(frame)
            score.add(frame)
            rows.append((frame.time_s, frame.latency_ms))
    found = {"input": source.title, **_figures(outcome, rows), **score.figures()}
    drawn = sheet.draw(source.title, caption, score.iou)
    write_image(folder / SHEET, drawn)
    _plot(folder / PLOT, rows, found, source.title, caption)
    write_json(folder / FIGURES, found)
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


@contextmanager
def _scratch(output: Path) -> Iterator[Path]:
    """A folder in that of the output, which is made; of what fails the node's log alone is left.

    Raises:
        OutputError: The folder cannot be made, or holds files that no demo left.
    """
    is_new = not output.exists()
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
        _check_ours(output)
        for abandoned in output.glob(f"{_SCRATCH}*"):
            shutil.rmtree(abandoned)
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=output))
    try:
        yield scratch
    finally:
        with suppress(FileNotFoundError):
            (scratch / LOG).replace(output / LOG)
        shutil.rmtree(scratch, ignore_errors=True)
        if is_new:
            with suppress(OSError):
                output.rmdir()  # only where nothing is in it


def _check_ours(folder: Path) -> None:
    """Refuse to replace somebody's own files."""
    there = [name for name in _RESULTS if (folder / name).exists()]
    if there and not (folder / FIGURES).exists():
        raise OutputError(
            received=f"{folder}, which holds {' and '.join(there)} and no {FIGURES}",
            expected="a new folder, or one that a demo was left in",
            fix="choose another one with --output",
        )
