"""What the optimisation table is made for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segmentation_node.core.geometry import NetworkSize


@dataclass(frozen=True)
class Optimising:
    """What to optimise, and what with.

    Args:
        networks: Models and their sizes; the model's default where None.
        calibration: Folders of images to calibrate INT8 on; without any the INT8 file that is
            found is taken.
        limit: Most images to calibrate on; all where None.
    """

    networks: tuple[tuple[str, NetworkSize | None], ...]
    calibration: tuple[Path, ...] = ()
    limit: int | None = None
