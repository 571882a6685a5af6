"""Drives and stills: the public face of the renderer."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segmentation_node.errors import ConfigError, meant
from segmentation_node.scenes import light as lights
from segmentation_node.scenes import palette as p
from segmentation_node.scenes.camera import Camera
from segmentation_node.scenes.ground import Ground
from segmentation_node.scenes.layout import layout
from segmentation_node.scenes.painter import Canvas
from segmentation_node.scenes.sensor import expose, sensor
from segmentation_node.scenes.sky import sky, skyline
from segmentation_node.scenes.street import Street

CONDITIONS = ("day", "dusk", "night", "rain", "day_to_night")
SPEED_M_PER_S = 10.0
HAZE = 224.0


class Drive:
    """A drive through a street of its own; any frame can be rendered on its own.

    Args:
        seed: Decides everything.
        height: Pixels of the image.
        width: Pixels of the image.
        condition: One of `CONDITIONS`.
        fps: Frames a second.
        length_s: Seconds over which `day_to_night` goes dark.

    Raises:
        ConfigError: The size is not positive, or the condition unknown.
    """

    def __init__(
        self,
        seed: int,
        height: int,
        width: int,
        condition: str = "day",
        fps: float = 30.0,
        length_s: float = 10.0,
    ) -> None:
        _check(height, width, condition, fps, length_s)
        self.seed, self.height, self.width = seed, height, width
        self.condition, self.fps, self.length_s = condition, fps, length_s
        rng = np.random.default_rng([seed, 0])
        self._plan = layout(rng, condition in {"dusk", "night", "day_to_night"})
        self._camera = _camera(rng, height, width)
        self._sensor = sensor(rng)
        self._overcast = float(rng.uniform(0, 1))
        self._backdrop_seed = int(rng.integers(2**31))

    @property
    def horizon_row(self) -> float:
        """Image row at which the road vanishes, in pixels."""
        return self._camera.horizon_row

    def frame(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Render one frame.

        Args:
            index: Number of the frame.

        Returns:
            (H, W, 3) uint8 BGR, and (H, W) uint8 class ids of CamVid.
        """
        time_s = index / self.fps
        ego_m = SPEED_M_PER_S * time_s
        light = self._light(time_s)
        image, labels = (part.copy() for part in self._backdrop)
        self._ground.paint(image, labels, ego_m)
        canvas = Canvas(image, labels, self._camera, HAZE, light.haze_per_m)
        for thing in self._street.things(ego_m, time_s):
            thing.draw(canvas, ego_m)
        lit = lights.apply(image, labels, light, self._camera)
        rng = np.random.default_rng([self.seed, 7, index])
        return expose(lit, self._sensor, rng, light.rain), labels

    def _light(self, time_s: float) -> lights.Light:
        if self.condition == "day_to_night":
            share = 2 * min(max(time_s / self.length_s, 0.0), 1.0)
            if share < 1:
                return lights.blend(lights.DAY, lights.DUSK, share)
            return lights.blend(lights.DUSK, lights.NIGHT, share - 1)
        named = {"day": lights.DAY, "dusk": lights.DUSK, "night": lights.NIGHT, "rain": lights.RAIN}
        return named[self.condition]

    @cached_property
    def _street(self) -> Street:
        return Street(self.seed, self._plan)

    @cached_property
    def _ground(self) -> Ground:
        return Ground(np.random.default_rng([self.seed, 8]), self._camera, self._plan)

    @cached_property
    def _backdrop(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rng = np.random.default_rng(self._backdrop_seed)
        overcast = (
            max(self._overcast, self._light(0.0).overcast * 0.9)
            if self.condition != "day"
            else self._overcast
        )
        image = sky(rng, self._camera, overcast)
        labels = np.full(image.shape[:2], p.SKY, np.uint8)
        skyline(rng, self._camera, image, labels, HAZE)
        return image, labels


def render_still(
    seed: int, height: int, width: int, condition: str = "day"
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render one picture of a street and a camera of its own.

    Args:
        seed: Decides everything.
        height: Pixels.
        width: Pixels.
        condition: One of `CONDITIONS`.

    Returns:
        (H, W, 3) uint8 BGR, and (H, W) uint8 class ids of CamVid.

    Raises:
        ConfigError: The size is not positive, or the condition unknown.
    """
    index = int(np.random.default_rng([seed, 9]).integers(0, 3000))
    return Drive(seed, height, width, condition, length_s=100.0).frame(index)


def _camera(rng: np.random.Generator, height: int, width: int) -> Camera:
    bend = float(rng.normal(0, 0.0015)) if rng.random() < 0.6 else 0.0
    return Camera(
        height=height,
        width=width,
        focal_px=float(rng.uniform(0.85, 1.35)) * max(width, height * 4 / 3) * 0.9,
        mount_m=float(rng.uniform(1.15, 1.7)),
        horizon_row=height * float(rng.uniform(0.4, 0.55)),
        bend_per_m=bend,
    )


def _check(height: int, width: int, condition: str, fps: float, length_s: float) -> None:
    if height < 1 or width < 1:
        raise ConfigError(f"a picture of {height}x{width} pixels", "at least 1x1", "give a size")
    if condition not in CONDITIONS:
        raise ConfigError(
            f"the condition {condition!r}",
            "one of " + ", ".join(CONDITIONS),
            meant(condition, CONDITIONS),
        )
    if fps <= 0 or length_s <= 0:
        raise ConfigError(
            f"{fps} frames a second for {length_s} s", "positive numbers", "correct them"
        )
