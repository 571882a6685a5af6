"""A video to a coloured video, with the label images in a folder beside it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np

from segmentation_node.media.images import write_image
from segmentation_node.media.video import VideoReader, VideoWriter
from segmentation_node.offline.job import Request, Tally, check_free
from segmentation_node.offline.pictures import bgr


def labels_folder(output: Path) -> Path:
    """The folder of the label images that belong to a video."""
    return output.with_name(f"{output.stem}_labels")


def segment_video(request: Request, tally: Tally) -> None:
    """Segment a video to `OUT.mp4` (colours) and `OUT_labels/000000.png` (class ids).

    Class ids do not survive a video codec, hence the folder.

    Args:
        request: Its output names an .mp4 file.
        tally: What segments and counts.

    Raises:
        MediaError: The video cannot be read, or the output does not end in .mp4.
        OutputError: The output cannot be written.
    """
    folder = labels_folder(request.output)
    check_free(folder)
    try:
        with (
            VideoReader(request.source) as video,
            VideoWriter(request.output, video.fps) as colored,
        ):
            tally.total = video.count
            for index, (time_s, frame) in enumerate(video.frames()):
                result = tally.segment(partial(np.asarray, frame), f"frame {index}")
                if result is not None:
                    colored.write(bgr(result), time_s)
                    write_image(folder / f"{index:06d}.png", result.labels)
    except BaseException:
        # Like the video: half of them would stand in the way of the next try.
        shutil.rmtree(folder, ignore_errors=True)
        raise
