"""Segments one bag after the other with one network, and leaves out those that are done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from segmentation_node import __version__
from segmentation_node.bags.fingerprint import Fingerprint
from segmentation_node.bags.writer import files_of
from segmentation_node.closing import Closing
from segmentation_node.errors import OutputError
from segmentation_node.offline.bag import segment_bag
from segmentation_node.offline.job import Progress, Request, Tally, check_free, unread
from segmentation_node.offline.manifest import Manifest, read_manifest
from segmentation_node.offline.opening import Opening, facts, legend
from segmentation_node.offline.outcome import DONE, SKIPPED, Outcome, attempt


class BagSegmenter(Closing):
    """A loaded network, and what it takes to tell which bags it has to segment.

    Args:
        opening: How to load the network.

    Raises:
        SegmentationError: It cannot be loaded.
    """

    def __init__(self, opening: Opening) -> None:
        self._segmenter = opening.load()
        self._network = opening.conditions(self._segmenter)

    def attempt(self, request: Request, progress: Progress) -> Outcome:
        """Segment a bag; whatever goes wrong becomes its outcome.

        Args:
            request: A bag, and where to.
            progress: Called with the frames done and the frames there are.
        """
        return attempt(request, lambda: self(request, progress))

    def __call__(self, request: Request, progress: Progress) -> Outcome:
        """Segment a bag, unless its output is there and made of the same.

        Args:
            request: A bag, and where to.
            progress: Called with the frames done and the frames there are.

        Raises:
            BagError: The bag is damaged, or holds no image topic that is meant.
            OutputError: The output cannot be written, or is something else.
        """
        conditions = self._conditions(request)
        before = read_manifest(request.output)
        note = _why_again(request, before, conditions)
        if before is not None and note is None:
            error = unread(before.frames, before.malformed)
            return Outcome(request, SKIPPED, error=error, figures=facts(self._segmenter))
        tally = Tally(self._segmenter, request.outputs, progress)

        def record(whole: Path) -> None:
            self._manifest(conditions, whole, tally).write(request.output)

        segment_bag(request, tally, replace=before is not None, record=record)
        error = unread(tally.frames, tally.malformed)
        figures = {**tally.figures(), **facts(self._segmenter)}
        return Outcome(request, DONE, note or "", error, figures)

    def close(self) -> None:
        """Free the network; closing twice does nothing."""
        self._segmenter.close()

    def _conditions(self, request: Request) -> dict[str, dict[str, Any]]:
        options = {
            "topics": list(request.topics),
            "overlay": request.overlay,
            "compress": request.compress,
        }
        found = Fingerprint.of(request.source).to_mapping()
        return {"input": found, "network": self._network, "options": options}

    def _manifest(
        self, conditions: dict[str, dict[str, Any]], whole: Path, tally: Tally
    ) -> Manifest:
        made_with = {"package": __version__, **facts(self._segmenter)}
        more = {"made_with": made_with, "labels": legend(self._segmenter)}
        return Manifest(conditions, _size(whole), tally.frames, tuple(tally.malformed), more)


def _why_again(
    request: Request, before: Manifest | None, conditions: dict[str, dict[str, Any]]
) -> str | None:
    """Why a bag with a manifest is to be done again; None where it is done or is new."""
    if before is None:
        check_free(request.output)
        return None
    if not request.output.exists():
        return "its output was gone"
    if _size(request.output) != before.output_bytes:
        raise OutputError(
            received=f"{request.output}, which is not the bag that its .run.json is about",
            expected="that bag, or nothing",
            fix="remove it, or choose another name",
        )
    return "; ".join(before.changes(conditions)) or None


def _size(bag: Path) -> int:
    return sum(file.stat().st_size for file in files_of(bag))
