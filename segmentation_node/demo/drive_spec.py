"""Which drive is rendered."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from segmentation_node import scenes
from segmentation_node.errors import ConfigError
from segmentation_node.scenes.drive import Drive


@dataclass(frozen=True)
class DriveSpec:
    """A drive, down to its last pixel.

    Attributes:
        seed: Decides street, traffic and noise.
        height: Pixels of the image.
        width: Pixels of the image.
        seconds: Length.
        fps: Frames a second.
        condition: Light and weather: day, dusk, night, rain or day_to_night.
    """

    seed: int = 7
    height: int = 720
    width: int = 1280
    seconds: float = 10.0
    fps: float = 30.0
    condition: str = "day_to_night"

    def __post_init__(self) -> None:
        if not (0 < self.seconds < 36_000 and 0 < self.fps <= 240):
            raise ConfigError(
                received=f"a drive of {self.seconds:g} s at {self.fps:g} frames/s",
                expected="more than 0 and at most 36000 s, more than 0 and at most 240 frames/s",
                fix="choose a length and a rate in these ranges",
            )
        self.drive()  # which checks the rest

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return max(1, round(self.seconds * self.fps))

    def drive(self) -> Drive:
        """The renderer of this drive."""
        return Drive(
            self.seed, self.height, self.width, self.condition, self.fps, length_s=self.seconds
        )

    @property
    def key(self) -> str:
        """Eight digits that change with the drive, and with the renderer itself."""
        digest = hashlib.sha256(repr(sorted(asdict(self).items())).encode())
        for path in sorted(Path(scenes.__file__).parent.glob("*.py")):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:8]


def parse_size(text: str) -> tuple[int, int]:
    """Read an image size, as 720x1280.

    Args:
        text: Height x width, pixels.

    Returns:
        Height and width.

    Raises:
        ConfigError: It is no size, or one that is higher than wide.
    """
    height, _, width = text.lower().partition("x")
    if height.isdigit() and width.isdigit():
        if int(height) > int(width):
            raise ConfigError(
                received=f"the size {text}, which is {height} high, {width} wide",
                expected="a drive as a camera on a car sees it, wider than high",
                fix=f"write {width}x{height}",
            )
        return int(height), int(width)
    raise ConfigError(
        received=f"the size {text!r}",
        expected="HEIGHTxWIDTH in pixels, such as 720x1280",
        fix="write it that way",
    )
