"""Painting things over one another, far before near, into the image and its labels alike."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.camera import NEAR_M, Camera, beyond_near
from segmentation_node.scenes.sprites import NOTHING, Sprite

_FARTHEST_PX = 4000.0

SMALLEST_SHARE = 1 / 24
"""Of the image's height; what would be smaller is left out, as people leave it out who label."""
THINNEST_SHARE = 1 / 160
"""Of the image's height; a thinner pole is painted and not labelled, as people do who label."""


@dataclass
class Canvas:
    """What is being painted.

    Args:
        image: (H, W, 3) uint8 BGR.
        labels: (H, W) uint8 class ids.
        camera: Where from.
        haze: Grey level that far things fade into, 0 to 255.
        haze_per_m: How fast they do.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    camera: Camera
    haze: float
    haze_per_m: float

    def polygon(self, points: NDArray[np.float64], color: ArrayLike, label: int | None) -> None:
        """Fill a polygon.

        Args:
            points: (n, 3) float64 x, y, z in metres.
            color: (3,) BGR, 0 to 255.
            label: Class id; None leaves the labels as they are.
        """
        points = beyond_near(points)
        if not len(points):
            return
        pixels = self.camera.project(points)
        fixed = (np.clip(pixels, -_FARTHEST_PX, _FARTHEST_PX) * 16).astype(np.int32)
        faded = self.faded(np.asarray(color, np.float64), float(points[:, 2].mean()))
        cv2.fillPoly(self.image, [fixed], tuple(float(c) for c in faded), cv2.LINE_8, 4)
        if label is not None:
            cv2.fillPoly(self.labels, [fixed], label, cv2.LINE_8, 4)

    def faded(self, color: NDArray[np.float64], distance_m: float) -> NDArray[np.float64]:
        """The colour seen through the haze."""
        share = self._clear(distance_m)
        return color * share + self.haze * (1 - share)

    def _clear(self, distance_m: float) -> float:
        return float(np.exp(-self.haze_per_m * max(distance_m, 0.0)))

    def _hazy(self, image: NDArray[np.uint8], z: float, shade: float = 1.0) -> NDArray[np.uint8]:
        share = self._clear(z)
        beta = self.haze * (1 - share)
        hazy: NDArray[np.uint8] = cv2.convertScaleAbs(image, alpha=share * shade, beta=beta)
        return hazy

    def sprite(self, sprite: Sprite, x: float, z: float, height_m: float, flip: bool) -> None:
        """Stand a sprite on the ground.

        Args:
            sprite: The picture.
            x: Metres from the road's axis to its foot.
            z: Metres ahead.
            height_m: Metres that it is high.
            flip: Whether to mirror it.
        """
        if z < NEAR_M:
            return
        foot = self.camera.project(np.array([x, 0.0, z]))
        scale = self.camera.focal_px * height_m / z / sprite.image.shape[0]
        h, w = (max(1, round(n * scale)) for n in sprite.labels.shape)
        too_large = h > 4 * self.camera.height or w > 4 * self.camera.width
        if too_large or h < self.camera.height * SMALLEST_SHARE:
            return
        self._paste(sprite, (round(foot[0] - w / 2), round(foot[1]) - h, w, h), z, flip)

    def _unlabelled(self, sprite: Sprite, labels: NDArray[np.uint8], h: int) -> NDArray[np.bool_]:
        """Where a sprite h pixels high has no label: around it, and on a pole that is too thin."""
        nothing: NDArray[np.bool_] = labels == NOTHING
        if 0 < sprite.pole * h < self.camera.height * THINNEST_SHARE:
            nothing |= labels == p.POLE
        return nothing

    def _paste(self, sprite: Sprite, box: tuple[int, int, int, int], z: float, flip: bool) -> None:
        x, y, w, h = box
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + w, self.camera.width), min(y + h, self.camera.height)
        if left >= right or top >= bottom:
            return
        part = slice(top - y, bottom - y), slice(left - x, right - x)
        method = cv2.INTER_AREA if h < sprite.labels.shape[0] else cv2.INTER_LINEAR
        image, labels, holes = (
            _scaled(picture, (w, h), how, flip)[part]
            for picture, how in (
                (sprite.image, method),
                (sprite.labels, cv2.INTER_NEAREST),
                (sprite.holes, cv2.INTER_NEAREST),
            )
        )
        drawn = (labels != NOTHING) & (holes == 0)
        labelled = ~self._unlabelled(sprite, labels, h)
        rows, columns = slice(top, bottom), slice(left, right)
        image = self._hazy(np.ascontiguousarray(image), z)
        cv2.copyTo(image, drawn.astype(np.uint8), self.image[rows, columns])
        labels = np.ascontiguousarray(labels)
        cv2.copyTo(labels, labelled.astype(np.uint8), self.labels[rows, columns])

    def textured(
        self, texture: NDArray[np.uint8], corners: NDArray[np.float64], label: int, shade: float
    ) -> None:
        """Stretch a texture over a rectangle in the world.

        Args:
            texture: (h, w, 3) uint8 BGR.
            corners: (4, 3) float64: top left, top right, bottom right, bottom left, in metres.
            label: Class id.
            shade: Brightness factor.
        """
        pixels = np.clip(self.camera.project(corners), -_FARTHEST_PX, _FARTHEST_PX)
        left, top = np.maximum(np.floor(pixels.min(0)), 0).astype(int)
        right = int(min(np.ceil(pixels[:, 0].max()), self.camera.width))
        bottom = int(min(np.ceil(pixels[:, 1].max()), self.camera.height))
        if left >= right or top >= bottom:
            return
        target = (pixels - [left, top]).astype(np.float32)
        size = (right - left, bottom - top)
        texture = _reduced(texture, pixels)
        warp = cv2.getPerspectiveTransform(_corners(texture), target)
        image = cv2.warpPerspective(
            texture, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        mask = np.zeros((size[1], size[0]), np.uint8)
        cv2.fillPoly(mask, [(target * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
        seen = self._hazy(image, float(corners[:, 2].mean()), shade)
        rows, columns = slice(top, bottom), slice(left, right)
        cv2.copyTo(seen, mask, self.image[rows, columns])
        self.labels[rows, columns][mask > 0] = label


def _scaled(
    picture: NDArray[np.uint8], size: tuple[int, int], method: int, flip: bool
) -> NDArray[np.uint8]:
    scaled: NDArray[np.uint8] = cv2.resize(picture, size, interpolation=method)
    return scaled[:, ::-1] if flip else scaled


def _reduced(texture: NDArray[np.uint8], pixels: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The texture at about the resolution that it is seen at, so that far ones do not flicker."""
    h, w = texture.shape[:2]
    width, height = np.maximum(np.ptp(pixels, axis=0) * 1.5, 2).astype(int)
    if width >= w and height >= h:
        return texture
    size = (min(int(width), w), min(int(height), h))
    reduced: NDArray[np.uint8] = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)
    return reduced


def _corners(texture: NDArray[np.uint8]) -> NDArray[np.float32]:
    h, w = texture.shape[:2]
    return np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
