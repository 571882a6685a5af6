"""What became of one bag of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from segmentation_node.errors import BagError, SegmentationError
from segmentation_node.offline.job import Request

DONE, SKIPPED, FAILED = "done", "skipped", "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one bag.

    Attributes:
        request: What was asked for.
        status: `done`, `skipped` where it was done before, or `failed`.
        note: Why it was done again; empty where it is new.
        error: What went wrong: of a failed bag, or of frames that could not be read.
        figures: Frames, seconds and times of the stages, and with which network.
    """

    request: Request
    status: str
    note: str = ""
    error: SegmentationError | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """How many frames were segmented."""
        return int(self.figures.get("frames", 0))

    def to_mapping(self) -> dict[str, Any]:
        """The outcome as plain values, for JSON."""
        return {
            "input": str(self.request.source),
            "output": str(self.request.output),
            "status": self.status,
            "note": self.note,
            "error": None if self.error is None else str(self.error),
            **self.figures,
        }


def attempt(request: Request, work: Callable[[], Outcome]) -> Outcome:
    """Do something for a bag; whatever goes wrong becomes its outcome.

    Args:
        request: What is asked for.
        work: Does it.
    """
    try:
        return work()
    except SegmentationError as error:
        return failed(request, error)
    # One bag that trips over a fault of ours, or of a library's, must not cost the others.
    except Exception as error:
        return failed(request, _unforeseen(request, f"{type(error).__name__}: {error}"))


def failed(request: Request, error: SegmentationError) -> Outcome:
    """The outcome of a bag that could not be segmented."""
    return Outcome(request, FAILED, error=error)


def lost(request: Request, how: str) -> Outcome:
    """The outcome of a bag whose process ended before it was done.

    Args:
        request: What was asked for.
        how: How the process ended.
    """
    return failed(request, _unforeseen(request, how))


def _unforeseen(request: Request, what: str) -> BagError:
    return BagError(
        received=f"{request.source}, which ended its run ({what})",
        expected="a bag that can be segmented",
        fix="run it alone to see more; memory is what large images lack most often",
    )
