from __future__ import annotations

import numpy as np
import pytest
import torch

from segmentation_node.datasets import camvid
from segmentation_node.training.class_bias import Pixels, add_class_bias, fit_class_bias
from segmentation_node.training.networks import build, network_entry

CPU = torch.device("cpu")


def test_mean_iou_is_of_the_classes_that_occur():
    logits = np.array([[2, 2, 0, 0], [0, 0, 2, 0], [1, 1, 1, 1]], np.float32)
    pixels = Pixels(logits, np.array([0, 0, 1, 1]))
    # The last pixel goes to class 2, which never occurs: 0 of 1 there, 1 of 2 for class 1.
    assert pixels.mean_iou(np.zeros(3, np.float32)) == pytest.approx((1 + 1 / 2 + 0) / 3)
    away = np.array([0, 0.5, -9], np.float32)
    assert pixels.mean_iou(away) == pytest.approx(1.0)


def test_the_same_network_and_images_give_the_same_bias(camvid_like):
    torch.manual_seed(0)
    network = build("fcn8s_lite0", 11, pretrained=True).eval()
    entry, data = network_entry("fcn8s_lite0"), camvid(camvid_like)
    first = fit_class_bias(network, entry, [data], CPU, 5)
    assert any(first)
    assert all(value * 4 == round(value * 4) for value in first)
    assert fit_class_bias(network, entry, [data], CPU, 5) == first


def test_no_images_leave_the_bias_at_zero(camvid_like):
    network = build("fcn8s_lite0", 11, pretrained=False).eval()
    entry = network_entry("fcn8s_lite0")
    assert fit_class_bias(network, entry, [camvid(camvid_like)], CPU, 0) == [0.0] * 11


def test_the_bias_is_added_to_the_logits():
    network = build("fcn8s_lite0", 11, pretrained=False).eval()
    image = torch.zeros(1, 3, 32, 32)
    bias = [0.25 * channel for channel in range(11)]
    with torch.inference_mode():
        before = network(image)
    add_class_bias(network, network_entry("fcn8s_lite0"), bias)
    with torch.inference_mode():
        after = network(image)
    assert torch.allclose(after - before, torch.tensor(bias).view(1, 11, 1, 1), atol=1e-5)
