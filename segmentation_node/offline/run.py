"""One function that segments whatever a path holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from segmentation_node.offline.bag import segment_bag
from segmentation_node.offline.job import (
    Progress,
    Request,
    SegmentsFrames,
    Tally,
    check_all_read,
    check_free,
)
from segmentation_node.offline.kinds import Kind, kind_of
from segmentation_node.offline.pictures import segment_folder, segment_image
from segmentation_node.offline.videos import segment_video

_BY_KIND: Mapping[Kind, Callable[[Request, Tally], None]] = {
    Kind.IMAGE: segment_image,
    Kind.FOLDER: segment_folder,
    Kind.VIDEO: segment_video,
    Kind.BAG: segment_bag,
}


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
    check_all_read(tally)
    return {"input": str(request.source), "kind": kind.value, **tally.figures()}


def check(request: Request) -> Kind:
    """Tell the kind of the input; find at once what else would be found after loading a network.

    Raises:
        MediaError: There is no such input, or nobody reads its kind.
        OutputError: The output is taken.
    """
    kind = kind_of(request.source)
    check_free(request.output)
    return kind
