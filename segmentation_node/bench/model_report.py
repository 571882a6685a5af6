"""Everything that a model card says in figures, measured from the exported file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from segmentation_node.bench.accuracy import evaluate, file_sha256
from segmentation_node.datasets import Dataset, camvid, hold_out, rendered
from segmentation_node.errors import DatasetError
from segmentation_node.fields import parse_json
from segmentation_node.files import write_whole
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter
from segmentation_node.training.card import card_text
from segmentation_node.training.export_model import export_checkpoint
from segmentation_node.training.run_settings import CHECKPOINT, RECORD, Run

# CamVid at its own scale, with twelve rows of padding above and below.
OWN_SCALE = "384x480"
# Cameras of 720 rows and more at the finest scale that runs in real time on few processors.
FINE = "512x1024"
# Cameras of 720x1280, as the rendered scenes', without any scaling.
WHOLE = "736x1280"
# What the processor does by itself comes second: where that is FP32 too it is left out.
PRECISIONS = ("fp32", "auto")


def score_run(run: Run) -> list[dict[str, Any]]:
    """Score a run's exported model on all data that the run can reach.

    Args:
        run: A run that has ended.

    Returns:
        An evaluation for each data set, network size and precision.

    Raises:
        SegmentationError: The model or a data set cannot be read.
    """
    default = str(load_model(run.model).default_size)
    sizes = (default,) if run.own else (OWN_SCALE, default, FINE, WHOLE)
    wanted = [(size, precision) for size in sizes for precision in PRECISIONS]
    if run.held_out is not None:
        wanted = [(size, PRECISIONS[0]) for size in (OWN_SCALE, default)]
    scores: list[dict[str, Any]] = []
    for size, precision in wanted:
        with Segmenter.load(run.model, precision=precision, network_size=size) as segmenter:
            if not _is_scored(scores, size, segmenter.precision):
                scores += [evaluate(segmenter, data) for data in _datasets(run)]
    return scores


def add_scores(run: Run) -> dict[str, Any]:
    """Score a run and add the scores to its record.

    Returns:
        The record with its `scores`.
    """
    path = run.folder / RECORD
    record = read_record(run.folder)
    record["scores"] = score_run(run)
    write_whole(path, (json.dumps(record, indent=1) + "\n").encode())
    return record


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a run.

    Raises:
        DatasetError: The folder holds none.
    """
    path = folder / RECORD
    try:
        record: dict[str, Any] = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(
            received=f"no {RECORD} that can be read in {folder}",
            expected="the folder of a run that has ended",
            fix="train first: segmentation train -o FOLDER",
        ) from error
    return record


def model_report(
    record: Mapping[str, Any], left_out: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What a model card is written from.

    Args:
        record: Of the run that gave the model, with scores.
        left_out: Records of runs that each left a sequence out, with scores.
    """
    kept = {key: value for key, value in record.items() if key != "history"}
    runs = [
        {
            "held_out": other["held_out"],
            "iterations": other["recipe"]["iterations"],
            "images": other["images"],
            "scores": other["scores"],
        }
        for other in left_out
    ]
    return {**kept, "leave_one_out": runs}


def publish(
    folder: Path, path: Path, left_out: Sequence[Path] = (), remarks: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Export a run's model with its sidecar, its report and its card.

    Args:
        folder: Of a run that has ended and was scored.
        path: The .onnx file to write; the others are put beside it.
        left_out: Folders of runs that each left a sequence out, for the card.
        remarks: Sentences for the card on what the record cannot know.

    Returns:
        The files written: ONNX, sidecar, report (JSON) and card (Markdown).

    Raises:
        DatasetError: A folder holds no finished run, or the model that was scored is another.
        OutputError: A file cannot be written.
    """
    records = [read_record(other) for other in left_out]
    report = {**model_report(read_record(folder), records), "remarks": list(remarks)}
    export_checkpoint(folder / CHECKPOINT, path, report["class_bias"])
    _check_same(path, report)
    files = tuple(path.with_suffix(ending) for ending in (".onnx", ".yaml", ".json", ".md"))
    write_whole(files[2], (json.dumps(report, indent=1) + "\n").encode())
    write_whole(files[3], card_text(report).encode())
    return files


def _check_same(path: Path, report: Mapping[str, Any]) -> None:
    scored = report["scores"][0]["model_sha256"]
    if file_sha256(path) != scored:
        raise DatasetError(
            received=f"a model {file_sha256(path)[:12]}…, scores of {scored[:12]}…",
            expected="scores of the model that is exported",
            fix="score the run again: segmentation train --resume, with its options",
        )


def _datasets(run: Run) -> Iterator[Dataset]:
    if run.own is not None:
        yield run.own.split("val")
        return
    if run.held_out is not None and run.camvid_root is not None:
        yield hold_out(camvid(run.camvid_root), run.held_out)[1]
        return
    if run.camvid_root is not None:
        yield camvid(run.camvid_root, ["val"])
    yield rendered(run.stills, "val")


def _is_scored(scores: Sequence[Mapping[str, Any]], size: str, precision: str) -> bool:
    return any((s["network_size"], s["precision"]) == (size, precision) for s in scores)
