"""Places to write to, and the video encoder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from segmentation_node.doctor import trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.doctor.python import TRIALS
from segmentation_node.installing import pip_install

TOPIC = "files"
# A raw drive of ten seconds at 1280x720 and 30 Hz.
WANTED_BYTES = 830_000_000


def examine() -> Iterator[Finding]:
    """Look at the folder that the doctor runs in, and at the encoder."""
    yield _folder(Path.cwd())
    yield _encoder()


def _folder(folder: Path) -> Finding:
    free_bytes = shutil.disk_usage(folder).free
    found = f"{folder}: {free_bytes / 1e9:.1f} GB free"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as error:
        remedy = "run in a folder of yours, or give outputs a path there"
        return Finding(TOPIC, "writing here", "warn", f"{folder}: {error.strerror}", remedy)
    if free_bytes < WANTED_BYTES:
        remedy = "free some space: ten seconds of raw images are 0.8 GB"
        return Finding(TOPIC, "writing here", "warn", found, remedy)
    return Finding(TOPIC, "writing here", "ok", found)


def _encoder() -> Finding:
    """The H.264 encoder that the videos are written with."""
    done = trial.run(TRIALS, "encoder")
    if done.problem:
        return Finding(TOPIC, "video encoder", "missing", done.problem, pip_install("av"))
    return Finding(TOPIC, "video encoder", "ok", str(done.values["version"]))
