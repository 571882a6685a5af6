"""One function that segments whatever a path holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from segmentation_node.errors import ConfigError
from segmentation_node.offline.bag import segment_bag
from segmentation_node.offline.batch import Crew, run_bag, run_bags
from segmentation_node.offline.job import (
    Progress,
    Request,
    SegmentsFrames,
    Tally,
    check_all_read,
    check_free,
)
from segmentation_node.offline.kinds import Kind, check_ending, kind_of
from segmentation_node.offline.meter import Show
from segmentation_node.offline.opening import Opening, facts
from segmentation_node.offline.pictures import segment_folder, segment_image
from segmentation_node.offline.plan import are_many_bags, plan
from segmentation_node.offline.videos import segment_video

_BY_KIND: Mapping[Kind, Callable[[Request, Tally], None]] = {
    Kind.IMAGE: segment_image,
    Kind.FOLDER: segment_folder,
    Kind.VIDEO: segment_video,
    Kind.BAG: segment_bag,
}


def run_all(
    sources: Sequence[Path], wanted: Request, opening: Opening, crew: Crew, show: Show
) -> dict[str, Any]:
    """Segment whatever the inputs hold: an image, a folder, a video, a bag, or many bags.

    A bag that was segmented before, and still would be as it was then, is left as it is.

    Args:
        sources: The inputs; more than one only of bags.
        wanted: What to make of each, and where to.
        opening: How to load the network.
        crew: Who segments many bags.
        show: Called with what is counted, how many are done, and how many there are.

    Returns:
        What was done, as plain values.

    Raises:
        SegmentationError: An input or the network cannot be used, or the output is taken. Of many
            bags, one that fails is told of in what is returned.
    """
    if are_many_bags(sources):
        check_ending(Kind.FOLDER, wanted.output)
        return run_bags(plan(sources, wanted), opening, crew, show)
    kind = kind_of(wanted.source)
    if kind is not Kind.BAG:
        _check_crew(crew, kind)
        return _run_alone(wanted, opening, partial(show, "frames"))
    check_ending(kind, wanted.output)
    if crew.ray is not None:
        return run_bags((wanted,), opening, crew, show)
    return run_bag(wanted, opening, show)


def _run_alone(request: Request, opening: Opening, progress: Progress) -> dict[str, Any]:
    check(request)
    with opening.load() as segmenter:
        figures = run(request, segmenter, progress)
        return {**figures, "output": str(request.output), **facts(segmenter)}


def _check_crew(crew: Crew, kind: Kind) -> None:
    if crew != Crew():
        raise ConfigError(
            received=f"--workers or --ray for one {kind.value}",
            expected="many bags, which can be segmented at the same time",
            fix="leave the option out",
        )


def run(request: Request, segmenter: SegmentsFrames, progress: Progress) -> dict[str, Any]:
    """Segment every frame of an image, a folder, a video or a bag to the same kind.

    A frame that cannot be read is left out, the others are segmented, and then it is an error.

    Args:
        request: What to segment, and where to.
        segmenter: What segments.
        progress: Called with the frames done and the frames there are (0 where unknown).

    Returns:
        What was done: kind, frames, seconds, frames_per_s, stages_ms.

    Raises:
        MediaError: The input cannot be read, or some of its frames cannot.
        BagError: The same for a bag.
        OutputError: The output is taken, or cannot be written.
    """
    kind = check(request)
    tally = Tally(segmenter, request.outputs, progress)
    _BY_KIND[kind](request, tally)
    progress(tally.frames, tally.frames)
    check_all_read(tally, request.output)
    return {"input": str(request.source), "kind": kind.value, **tally.figures()}


def check(request: Request) -> Kind:
    """Tell the kind of the input; find at once what else would be found after loading a network.

    Raises:
        MediaError: There is no such input, or nobody reads its kind.
        OutputError: The output is taken, or its ending is that of another kind.
    """
    kind = kind_of(request.source)
    check_ending(kind, request.output)
    check_free(request.output)
    return kind
