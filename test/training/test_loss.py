from __future__ import annotations

import pytest
import torch

from segmentation_node.datasets import camvid
from segmentation_node.training.loss import class_weights, missing_overlap, segmentation_loss


def test_pixels_without_a_class_give_no_gradient():
    logits = torch.randn(1, 4, 8, 8, requires_grad=True)
    channels = torch.zeros(1, 8, 8, dtype=torch.long)
    channels[:, :, 4:] = 255
    segmentation_loss(logits, channels, torch.ones(4), 0.1).backward()
    assert logits.grad[:, :, :, 4:].abs().max() == 0
    assert logits.grad[:, :, :, :4].abs().min() > 0


def test_a_batch_without_any_class_costs_nothing():
    logits = torch.randn(1, 4, 2, 2, requires_grad=True)
    loss = segmentation_loss(logits, torch.full((1, 16, 16), 255), overlap=1.0)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().max() == 0


def test_the_mean_is_over_valid_pixels():
    logits = torch.zeros(1, 4, 2, 2)
    channels = torch.full((1, 16, 16), 255)
    channels[0, 3, 5] = 2
    loss = segmentation_loss(logits, channels)
    assert loss.item() == pytest.approx(torch.log(torch.tensor(4.0)).item())


def test_missing_overlap_of_sure_answers_is_one_less_their_mean_iou():
    channels = torch.tensor([[[0, 0, 0, 1], [1, 1, 1, 255]]])
    answers = torch.tensor([[[0, 0, 1, 1], [1, 1, 3, 3]]])
    logits = 100 * torch.nn.functional.one_hot(answers, 5).permute(0, 3, 1, 2).float()
    # Class 0: 2 of 3. Class 1: 3 of 5. Where there is no class nothing counts, and classes that
    # the batch does not hold are left out.
    wanted = 1 - (2 / 3 + 3 / 5) / 2
    assert missing_overlap(logits, channels).item() == pytest.approx(wanted, abs=1e-5)


def test_missing_overlap_minds_a_small_class_as_much_as_a_large_one():
    channels = torch.zeros(1, 32, 32, dtype=torch.long)
    channels[0, :2, :2] = 1
    logits = torch.zeros(1, 2, 32, 32, requires_grad=True)
    missing_overlap(logits, channels).backward()
    pull = -logits.grad[0, 1]
    small, large = pull[channels[0] == 1].mean(), pull[channels[0] == 0].mean()
    assert small > 0 > large
    # Cross entropy pulls at each pixel alike.
    assert small > 2 * large.abs()


def test_rarer_classes_weigh_more_and_the_average_pixel_weighs_one(camvid_like):
    weights = class_weights(camvid(camvid_like), 0.5)
    sky, road, car, absent = (weights[i].item() for i in (0, 3, 8, 9))
    assert road < sky < car < absent
    shares = {0: 0.0, 3: 0.0, 8: 0.0}
    for sample in camvid(camvid_like).samples:
        _, labels = sample.read()
        valid = (labels != 11).sum()
        for label in shares:
            shares[label] += (labels == label).sum() / valid / 5
    assert sum(weights[i].item() * s for i, s in shares.items()) == pytest.approx(1, rel=0.01)


def test_exponent_zero_weighs_all_alike(camvid_like):
    assert torch.allclose(class_weights(camvid(camvid_like), 0.0), torch.ones(11))
