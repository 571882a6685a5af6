"""What the demo is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from segmentation_node.config import PipelineConfig
from segmentation_node.demo.drive_spec import DriveSpec

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DemoSettings:
    """What the demo is asked for.

    Attributes:
        output: The folder that everything is left in.
        source: A folder of images, a video or a bag; None for a rendered drive.
        drive: The drive that is rendered where there is no source.
        pipeline: The network, and how it runs.
        topic: The image topic, if the bag has several.
        fps: Frames a second at which a folder of images is replayed.
        domain_id: The ROS domain to use; a free one where None.
    """

    output: Path
    source: Path | None = None
    drive: DriveSpec = field(default_factory=DriveSpec)
    pipeline: PipelineConfig = field(default_factory=PipelineConfig)
    topic: str | None = None
    fps: float = 30.0
    domain_id: int | None = None
