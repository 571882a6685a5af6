"""What an offline run was asked for, and what it did."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation_node.core.frame import Frame
from segmentation_node.core.timing import StageStats, Stats
from segmentation_node.errors import FrameError, MediaError, OutputError
from segmentation_node.media.images import writing
from segmentation_node.pipeline import Outputs, Segmentation

WINDOW = 10_000  # frames that the figures are taken over

Progress = Callable[[int, int], None]


class SegmentsFrames(Protocol):
    """What a run needs of a segmenter."""

    def __call__(
        self, image: NDArray[np.uint8] | Frame, outputs: Outputs | None = None
    ) -> Segmentation:
        """Segment one frame."""


@dataclass(frozen=True)
class Request:
    """What to segment, and where to.

    Attributes:
        source: An image, a folder, a video or a bag.
        output: A place of the same kind that is not taken yet.
        topics: The bag's image topics; all its cameras where there is none.
        overlay: Whether the coloured output shows the image beneath the colours.
        compress: Whether a bag is written in compressed chunks (zstd); only for mcap.
    """

    source: Path
    output: Path
    topics: tuple[str, ...] = ()
    overlay: bool = False
    compress: bool = False

    @property
    def outputs(self) -> Outputs:
        """What the pipeline has to make."""
        return Outputs(color=not self.overlay, overlay=self.overlay)

    @property
    def view(self) -> str:
        """The name of the coloured output."""
        return "overlay" if self.overlay else "color"


@dataclass
class Tally:
    """Segments frames and counts what became of them.

    Attributes:
        segmenter: What segments.
        outputs: What it makes of each frame.
        progress: Called with the frames done and the frames there are (0 where unknown).
        total: Frames there are; 0 where unknown.
        frames: Frames done.
        malformed: The frames that could not be read, and why.
        left_alone: Image topics of a bag that nobody asked for and that are not segmented, and why.
        stages: How long each stage took.
        begin: When the run began, seconds of the monotonic clock.
    """

    segmenter: SegmentsFrames
    outputs: Outputs
    progress: Progress
    total: int = 0
    frames: int = 0
    malformed: list[str] = field(default_factory=list)
    left_alone: dict[str, str] = field(default_factory=dict)
    stages: StageStats = field(default_factory=lambda: StageStats(WINDOW))
    begin: float = field(default_factory=time.monotonic)

    def segment(
        self, read: Callable[[], NDArray[np.uint8] | Frame], name: str
    ) -> Segmentation | None:
        """Read and segment one frame; one that cannot be read is noted and left out.

        Args:
            read: Returns the frame, or raises a FrameError or MediaError.
            name: What to call the frame.
        """
        self.progress(self.frames + len(self.malformed), self.total)
        try:
            result = self.segmenter(read(), self.outputs)
        except (FrameError, MediaError) as error:
            self.malformed.append(f"{name}: {error}")
            return None
        self.frames += 1
        self.stages.add(result.stages_ms)
        return result

    def figures(self) -> dict[str, Any]:
        """What was done, as plain numbers and strings."""
        seconds = time.monotonic() - self.begin
        return {
            "frames": self.frames,
            "malformed": self.malformed,
            "left_alone": self.left_alone,
            "seconds": round(seconds, 3),
            "frames_per_s": round(self.frames / seconds, 2) if seconds else 0.0,
            "stages_ms": {name: _rounded(stats) for name, stats in self.stages.stats().items()},
        }


def _rounded(stats: Stats) -> dict[str, float]:
    return {name: round(value, 3) for name, value in stats.to_mapping().items()}


def check_free(path: Path) -> None:
    """Check that an output would overwrite nothing.

    Raises:
        OutputError: Something stands there already, or nobody may look.
    """
    with writing(path):
        taken = path.exists() and not (path.is_dir() and not any(path.iterdir()))
    if taken:
        raise OutputError(
            received=f"{path}, which exists already",
            expected="an output that is not there yet",
            fix="choose another name, or remove the old one first",
        )


def check_all_read(tally: Tally, output: Path) -> None:
    """Check that no frame was left out, after the output of the others was written.

    Args:
        tally: What was counted.
        output: Where the others are: it stands in the way of the next try.

    Raises:
        MediaError: A frame could not be read.
    """
    error = unread(tally.frames, tally.malformed)
    if error is not None:
        next_try = f", and remove {output} before the next try" if output.exists() else ""
        raise MediaError(error.received, error.expected, error.fix + next_try)


def unread(frames: int, malformed: Sequence[str]) -> MediaError | None:
    """The error for frames that were left out, if there are any.

    Args:
        frames: How many were segmented.
        malformed: Those that could not be read, and why.
    """
    if not malformed:
        return None
    return MediaError(
        received=f"{_frames(len(malformed))} that cannot be read (the first: {malformed[0]})",
        expected=_frames(frames + len(malformed)),
        fix="do what is said of the first"
        + (f"; the other {_frames(frames)} are in the output" if frames else ""),
    )


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
