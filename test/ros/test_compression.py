"""Compressed messages: formats to the letter, pixels that come back."""

from __future__ import annotations

import numpy as np
import pytest
from node_rig import picture

from segmentation_node.core.compressed import decode
from segmentation_node.ros.compression import CompressedMessage, format_of


@pytest.mark.parametrize(
    ("encoding", "codec", "wanted"),
    [
        ("mono8", "png", "mono8; png compressed "),
        ("mono8", "jpeg", "mono8; jpeg compressed mono8"),
        ("rgb8", "png", "rgb8; png compressed bgr8"),
        ("rgb8", "jpeg", "rgb8; jpeg compressed bgr8"),
    ],
)
def test_the_format_is_what_image_transport_writes(encoding: str, codec: str, wanted: str) -> None:
    assert format_of(encoding, codec) == wanted


def test_a_png_gives_back_every_pixel_and_one_message_serves_every_frame() -> None:
    compressed, first = CompressedMessage(), None
    for seed, size in enumerate([(48, 64), (48, 64), (33, 17)]):
        rgb = picture(*size, seed=seed)[:, :, ::-1].copy()
        message = compressed.fill(rgb, "png", 95)
        assert first is None or message is first
        first = message
        frame = decode(message.data, message.format)
        assert frame.encoding == "bgr8"
        np.testing.assert_array_equal(frame.array[:, :, ::-1], rgb)


def test_label_ids_come_back_whatever_the_quality() -> None:
    labels = np.random.default_rng(0).integers(0, 256, (33, 17), np.uint8)
    message = CompressedMessage().fill(labels, "png", 1)
    frame = decode(message.data, message.format)
    assert frame.encoding == "mono8"
    np.testing.assert_array_equal(frame.array, labels)
