from __future__ import annotations

import copy

import pytest

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.training.card import card_text
from segmentation_node.training.networks import NETWORKS
from segmentation_node.training.recipe import recipe


def score(data, miou, groups, precision="f32"):
    return {
        "miou": miou,
        "pixel_accuracy": 0.9,
        "ece": 0.042,
        "per_class": {label.name: miou for label in CAMVID_11.classes} | {"Fence": None},
        "frames": 101,
        "data": data,
        "by_group": groups,
        "model": "fcn8s-lite0-camvid",
        "model_sha256": "0" * 64,
        "network_size": "384x480",
        "fit": "letterbox",
        "precision": precision,
        "engine": "openvino",
        "device": "Some CPU",
    }


@pytest.fixture
def report():
    return {
        "recipe": recipe("camvid").to_mapping(),
        "images": {"camvid/train": 367, "rendered/train": 1000},
        "seconds": 1234,
        "class_bias": [0.25] * 11,
        "device": "CPU",
        "threads": 2,
        "precision": "bfloat16",
        "torch": "2.0",
        "scores": [
            score("camvid/val", 0.7012, {"0016E5": 0.7012}),
            score("rendered/val", 0.8123, {"day": 0.9, "night": 0.75}),
            score("camvid/val", 0.7034, {"0016E5": 0.7034}, "bf16"),
        ],
        "leave_one_out": [
            {
                "held_out": name,
                "iterations": 500,
                "images": {},
                "scores": [score("held", miou, {name: miou})],
            }
            for name, miou in (("0001TP", 0.5), ("0006R0", 0.6))
        ],
    }


def test_every_score_stands_with_what_it_depends_on(report):
    lines = card_text(report).splitlines()
    for miou, precision in (("70.1", "f32"), ("70.3", "bf16"), ("81.2", "f32")):
        row = next(line for line in lines if f"| {miou} |" in line)
        assert all(word in row for word in (precision, "384x480", "letterbox", "Some CPU"))


def test_the_mean_of_the_drives_left_out_is_computed(report):
    text = card_text(report)
    assert "| mean |  | 55.0 |  |  | 384x480 |" in text
    assert "| 0001TP | 101 | 50.0 | 4.2 | 500 | 384x480 |" in text


def test_each_network_size_has_a_mean_of_its_own(report):
    for run, miou in zip(report["leave_one_out"], (0.3, 0.4), strict=True):
        small = {**score("held", miou, {"x": miou}), "network_size": "256x512"}
        run["scores"].append(small)
    text = card_text(report)
    assert "| mean |  | 55.0 |  |  | 384x480 |" in text
    assert "| mean |  | 35.0 |  |  | 256x512 |" in text


def test_licence_notice_and_command_are_in_the_card(report):
    text = card_text(report)
    assert "CC-BY-NC-4.0" in text
    assert report["recipe"]["notice"] in text
    assert "segmentation train --recipe camvid -o runs/camvid --camvid DIR" in text


def test_a_class_that_was_not_there_has_a_dash(report):
    row = next(line for line in card_text(report).splitlines() if line.startswith("| Fence"))
    assert row == "| Fence | – | – |"


def test_a_model_that_left_no_drive_out_says_nothing_of_it(report):
    alone = copy.deepcopy(report) | {"leave_one_out": []}
    assert "Leave one sequence out" not in card_text(alone)
    assert "has not been measured" in card_text(alone)
    assert "has not been measured" not in card_text(report)


def test_scores_that_are_older_than_the_calibration_error_have_a_dash(report):
    assert "| 70.1 | 90.0 | 4.2 |" in card_text(report)
    for one in report["scores"]:
        del one["ece"]
    assert "| 70.1 | 90.0 | – |" in card_text(report)


def test_the_temperature_of_the_confidence_is_in_the_card(report):
    report["recipe"]["temperature"] = 0.9
    assert "- Confidence: softmax of the logits over 0.9, fitted on" in card_text(report)
    report["recipe"]["temperature"] = 1.0
    assert "- Confidence:" not in card_text(report)


def test_remarks_are_in_the_card(report):
    assert "- Said by hand.\n" in card_text({**report, "remarks": ["Said by hand."]})


def test_conditions_have_a_score_each(report):
    text = card_text(report)
    assert "| day | rendered/val | 90.0 |" in text
    assert "| night | rendered/val | 75.0 |" in text


@pytest.fixture
def own_report(report):
    return {
        **report,
        "recipe": recipe("paper_fcn16s").for_images(2975).to_mapping(),
        "images": {"cityscapes/train": 2975},
        "labels": "cityscapes_all",
        "format": "cityscapes",
        "init": {"file": "vgg16.pth", "sha256": "0" * 64},
        "leave_one_out": [],
    }


def test_a_network_of_the_paper_is_described_by_its_own_recipe(own_report):
    text = card_text(own_report)
    assert "FCN-16s on VGG16: an RGB image to the scores of the classes of cityscapes_all" in text
    assert "14875 of 10 crops of 256x512" in text
    assert "Adam, learning rate 0.001, a tenth of it after 50% of the run" in text
    assert (
        "--recipe paper_fcn16s -o runs/paper_fcn16s --data DIR --format cityscapes --init" in text
    )
    for foreign in ("CamVid", "EfficientNet", "Cambridge", "Eleven", "AdamW", "moving average"):
        assert foreign not in text.replace("camvid/val", "").replace("CAMVID", ""), foreign


def test_a_network_without_first_weights_says_that_it_began_at_random(own_report):
    del own_report["init"]
    assert "random at first" in card_text(own_report)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_name_on_its_card_and_the_stride_of_the_table(report, name):
    mapping = {**report["recipe"], "network": name}
    stride = NETWORKS[name].stride
    assert f"at stride {stride}," in card_text({**report, "recipe": mapping})


def test_the_users_data_give_the_shipped_network_other_limits(own_report):
    own_report["recipe"] = recipe("own").to_mapping()
    text = card_text(own_report)
    assert "It knows what its training data show" in text
    assert "missing overlap" in text
    assert "Eleven" not in text
