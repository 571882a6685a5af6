"""The ground: asphalt with its markings, kerbs, pavements, and grass or forecourts beyond."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation_node.scenes import palette as p
from segmentation_node.scenes.camera import Camera
from segmentation_node.scenes.layout import Layout
from segmentation_node.scenes.noise import fractal_noise, tileable

_TILE_PX = 512
_TILE_M = 12.0


class Ground:
    """Everything flat, rendered by asking for each pixel where it meets the road.

    Args:
        rng: Source of randomness.
        camera: Where from.
        plan: Cross-section of the street.
    """

    def __init__(self, rng: np.random.Generator, camera: Camera, plan: Layout) -> None:
        self._x, self._z, self.first_row = camera.ground()
        self._plan = plan
        grain = fractal_noise(rng, _TILE_PX, _TILE_PX, 6, 0.9)
        patches = fractal_noise(rng, _TILE_PX, _TILE_PX, 2, 0.5)
        self._grain = tileable((0.84 + 0.22 * grain + 0.14 * (patches - 0.5)).astype(np.float32))
        self._asphalt = np.array(p.jitter(rng, (98, 96, 95), 22))
        self._stone = np.array(p.jitter(rng, (132, 138, 142), 24))
        self._beyond = np.array(
            p.hsv(rng.uniform(70, 110), rng.uniform(0.1, 0.5), rng.uniform(0.25, 0.5))
        )
        self._beyond_label = p.TREE if rng.random() < 0.25 else p.PAVEMENT
        if self._beyond_label == p.PAVEMENT:
            self._beyond = self._stone * rng.uniform(0.8, 1.05)
        self._slab_m = float(rng.uniform(0.5, 1.1))
        self._line = float(rng.uniform(165, 235))
        self._dash_m = float(rng.uniform(3, 7))
        self._double_yellow = bool(rng.random() < 0.4)
        self._crossing_m = float(rng.uniform(25, 90))
        self._labels = self._band_labels()
        self._base = self._base_colors()
        # Far off, the grain is finer than a pixel: only its mean is seen.
        self._across_px = np.mod(self._x * (_TILE_PX / _TILE_M), len(self._grain) - 1).astype(
            np.float32
        )
        self._sharp = np.broadcast_to(np.exp(-self._z / 25), self._x.shape).astype(np.float32)
        self._slabs = (self._labels == p.PAVEMENT) & (self._z < 22)
        across = np.abs(self._x)
        self._seams_along = self._slabs & (np.mod(across, self._slab_m) < 0.04)
        self._zebra = (np.mod(self._x + 50, 1.1) < 0.55) & (across < plan.road)
        self._lane = across < plan.road
        self._middle = across < 0.07

    def _band_labels(self) -> NDArray[np.uint8]:
        across = np.abs(self._x)
        labels = np.full(across.shape, self._beyond_label, np.uint8)
        labels[across < self._plan.edge] = p.PAVEMENT
        labels[across < self._plan.road] = p.ROAD
        return labels

    def _base_colors(self) -> NDArray[np.float32]:
        """(n, W, 3) float32 BGR: what does not change as the camera drives."""
        across, plan = np.abs(self._x), self._plan
        color = np.where((across < plan.road)[..., None], self._asphalt, self._stone)
        color = np.where((across >= plan.edge)[..., None], self._beyond, color)
        wheel = np.abs(np.abs(across - abs(plan.ego_x)) - 0.8)
        color *= (1 - 0.1 * np.exp(-(wheel**2) / 0.08))[..., None]
        color[(across > plan.road) & (across < plan.road + 0.16)] *= 1.22  # the kerb's upper edge
        color[(across > plan.road - 0.12) & (across < plan.road)] *= 0.62  # and the gutter
        inner = plan.road - across
        if self._double_yellow:
            lines = ((inner > 0.2) & (inner < 0.29)) | ((inner > 0.42) & (inner < 0.51))
            color[lines] = (90, 190, 205)
        else:
            color[np.abs(inner - 0.4) < 0.06] = self._line
        return color.astype(np.float32)

    def paint(self, image: NDArray[np.uint8], labels: NDArray[np.uint8], ego_m: float) -> None:
        """Fill the rows below the horizon.

        Args:
            image: (H, W, 3) uint8 BGR, changed in place.
            labels: (H, W) uint8, changed in place.
            ego_m: Metres driven.
        """
        if not len(self._z):
            return
        along = self._z + np.float32(ego_m)
        color = self._base.copy()
        color[self._marks(along)] = self._line
        grain = self._sample(along)
        grain[self._seams_along | (self._slabs & (np.mod(along, self._slab_m) < 0.05))] *= 0.8
        cv2.multiply(color, cv2.merge([grain] * 3), dst=color)
        image[self.first_row :] = cv2.convertScaleAbs(color)
        labels[self.first_row :] = self._labels

    def _sample(self, along: NDArray[np.float32]) -> NDArray[np.float32]:
        size = self._grain.shape[0]
        scale = np.float32(_TILE_PX / _TILE_M)
        v = np.broadcast_to(np.mod(along * scale, size - 1), self._x.shape).astype(np.float32)
        near = cv2.remap(self._grain, self._across_px, v, cv2.INTER_LINEAR)
        grain: NDArray[np.float32] = 1 + (near - 1) * self._sharp
        return grain

    def _marks(self, along: NDArray[np.float32]) -> NDArray[np.bool_]:
        dashes = np.mod(along, self._dash_m * 1.8) < self._dash_m
        place = np.mod(along, self._crossing_m)
        stop = (place > 3.4) & (place < 3.75)
        return (self._middle & dashes) | (self._zebra & (place < 2.6)) | (self._lane & stop)
