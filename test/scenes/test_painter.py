"""What the painter labels: outlines, not holes; nothing that people who label leave out."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.scenes import palette as p
from segmentation_node.scenes import sprites
from segmentation_node.scenes.camera import Camera
from segmentation_node.scenes.painter import SMALLEST_SHARE, THINNEST_SHARE, Canvas

HEIGHT, FOCAL_PX = 480, 500.0


@pytest.fixture
def canvas():
    camera = Camera(HEIGHT, 640, FOCAL_PX, mount_m=1.4, horizon_row=240.0, bend_per_m=0.0)
    image = np.full((HEIGHT, 640, 3), 200, np.uint8)
    return Canvas(image, np.full((HEIGHT, 640), p.SKY, np.uint8), camera, 200.0, 0.0)


def sprite_of(kind, index=0):
    rng = np.random.default_rng(5)
    return [kind(rng) for _ in range(index + 1)][index]


def distance(sprite, share):
    """Metres at which a sprite is `share` of the image's height high."""
    return FOCAL_PX * sprite.height_m / (share * HEIGHT)


@pytest.mark.parametrize("kind", [sprites.lamp_post, sprites.post, sprites.sign])
def test_a_pole_too_thin_to_label_is_painted_all_the_same(canvas, kind):
    sprite = sprite_of(kind)
    z = distance(sprite, 0.8 * THINNEST_SHARE / sprite.pole)
    canvas.sprite(sprite, 0.0, z, sprite.height_m, flip=False)
    assert p.POLE not in canvas.labels
    assert (canvas.image != 200).any()


@pytest.mark.parametrize("kind", [sprites.lamp_post, sprites.post, sprites.sign])
def test_a_pole_thick_enough_is_labelled(canvas, kind):
    sprite = sprite_of(kind)
    z = distance(sprite, 1.3 * THINNEST_SHARE / sprite.pole)
    canvas.sprite(sprite, 0.0, z, sprite.height_m, flip=False)
    assert p.POLE in canvas.labels


def test_the_face_of_a_sign_outlasts_its_pole(canvas):
    sprite = sprite_of(sprites.sign)
    z = distance(sprite, 0.8 * THINNEST_SHARE / sprite.pole)
    canvas.sprite(sprite, 0.0, z, sprite.height_m, flip=False)
    assert p.SIGN in canvas.labels


def test_what_is_too_small_is_left_out(canvas):
    sprite = sprite_of(sprites.pedestrian)
    for share, seen in ((0.9 * SMALLEST_SHARE, False), (1.2 * SMALLEST_SHARE, True)):
        canvas.sprite(sprite, 0.0, distance(sprite, share), sprite.height_m, flip=False)
        assert (p.PEDESTRIAN in canvas.labels) == seen


def test_wheels_are_labelled_as_discs_and_seen_through(canvas):
    side_on = max((sprite_of(sprites.cyclist, n) for n in range(8)), key=lambda s: s.image.shape[1])
    canvas.sprite(side_on, 0.0, distance(side_on, 0.5), side_on.height_m, flip=False)
    rider = canvas.labels == p.BICYCLIST
    background = (canvas.image == 200).all(axis=2)
    assert (rider & background).sum() > 0.1 * rider.sum()
