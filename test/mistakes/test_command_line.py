"""Words of the command line, mistyped or put where they do nothing."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistakes.table import Mistake
from typer.testing import CliRunner

from segmentation_node.cli.app import VERBS, app
from segmentation_node.errors import SegmentationError
from segmentation_node.media.images import write_image

from small_bags import picture  # isort: skip


def said(*words: object) -> str:
    """All that a command line says, its error included; one that succeeds fails the test."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert result.exit_code != 0
    if isinstance(result.exception, SegmentationError):
        return str(result.exception)
    assert isinstance(result.exception, SystemExit)
    return " ".join(result.output.replace("│", " ").split())


def typed(*words: object) -> Callable[[Path], str]:
    return lambda _: said(*words)


def of_an_image(*words: object) -> Callable[[Path], str]:
    """`run` for an image that is there."""

    def make(folder: Path) -> str:
        write_image(folder / "in.png", picture(0))
        return said("run", folder / "in.png", "-o", folder / "out.png", *words)

    return make


def to(output: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        write_image(folder / "in.png", picture(0))
        return said("run", folder / "in.png", "-o", folder / output)

    return make


MISTAKES = [
    Mistake(
        "a_misspelt_command",
        "No such command 'evalute'. Did you mean 'evaluate'?",
        "The command is misspelt.",
        "Write the one that is named.",
        typed("evalute"),
    ),
    Mistake(
        "an_unknown_command",
        "No such command 'zebra'. The commands are",
        "There is no such command.",
        "Choose one that is listed.",
        typed("zebra"),
        also=("doctor",),
    ),
    Mistake(
        "a_misspelt_option",
        "No such option: --modle",
        "The option is misspelt.",
        "Write the one that is named.",
        typed("run", "in.png", "-o", "out.png", "--modle", "camvid"),
        also=("--model",),
    ),
    Mistake(
        "no_output",
        "Missing option '--output'",
        "Nothing says where the results go.",
        "Give `-o`.",
        typed("run", "in.png"),
    ),
    Mistake(
        "no_input",
        "Missing argument 'INPUT...'",
        "Nothing says what to segment.",
        "Name an image, a folder, a video or bags.",
        typed("run", "-o", "out"),
    ),
    Mistake(
        "an_input_that_is_not_there",
        "which does not exist",
        "The path of the input is misspelt.",
        "Check the path.",
        typed("run", "/nowhere/in.png", "-o", "out.png"),
    ),
    Mistake(
        "an_image_to_a_video",
        "the output is of the input's kind",
        "An image becomes an image.",
        "Name an output that ends in .png.",
        to("out.mp4"),
        also=("for an image",),
    ),
    Mistake(
        "labels_as_jpeg",
        "a .png file: other formats change class ids",
        "JPEG changes pixels, and these are class ids.",
        "Name an output that ends in .png.",
        to("out.jpg"),
    ),
    Mistake(
        "a_topic_of_an_image",
        "--topic or --compress for one image",
        "Only bags have topics.",
        "Leave the option out.",
        of_an_image("--topic", "/camera"),
    ),
    Mistake(
        "workers_for_an_image",
        "--workers or --ray for one image",
        "There is nothing to share out.",
        "Leave the option out.",
        of_an_image("--workers", 2),
    ),
    Mistake(
        "an_unknown_model",
        "the model 'camvit'",
        "No shipped model has that name.",
        "Write one that is named, or a path that ends in .onnx.",
        of_an_image("--model", "camvit"),
        also=("camvid",),
    ),
    Mistake(
        "an_unknown_precision",
        "fp61",
        "There is no such precision.",
        "Choose one that is listed.",
        of_an_image("--precision", "fp61"),
        also=("fp16",),
    ),
    Mistake(
        "a_size_in_words",
        "'large'",
        "A network size is two numbers.",
        "Write HEIGHTxWIDTH, such as 512x1024.",
        of_an_image("--network-size", "large"),
    ),
    Mistake(
        "a_region_of_three",
        "the region '0,0,100'",
        "A region is four numbers.",
        "Write x,y,width,height.",
        of_an_image("--roi", "0,0,100"),
    ),
    Mistake(
        "an_unknown_class_map",
        "the class map 'drivable'",
        "No shipped map has that name.",
        "Choose one that is listed, or a .yaml file.",
        of_an_image("--class-map", "drivable"),
        also=("camvid11_to_drivable",),
    ),
    Mistake(
        "a_map_of_other_classes",
        "in the class map cityscapes19_to_categories",
        "The class map is for another network.",
        "Choose the map of the network's own classes.",
        of_an_image("--class-map", "cityscapes19_to_categories"),
    ),
    Mistake(
        "nothing_to_score",
        "nothing to score",
        "There is neither a data set nor an earlier score.",
        "Give `--data` or `--compare`.",
        typed("evaluate"),
    ),
    Mistake(
        "a_split_without_data",
        "--split without --data",
        "An option of scoring stands alone.",
        "Give `--data DIR`.",
        typed("evaluate", "--split", "val"),
    ),
    Mistake(
        "an_unknown_recipe",
        "'camvd'",
        "There is no such recipe.",
        "Choose one that is listed.",
        typed("train", "--recipe", "camvd", "-o", "run"),
        also=("camvid",),
    ),
    Mistake(
        "a_number_in_words",
        "Invalid value for '--limit'",
        "The option takes a number.",
        "Write a whole number.",
        typed("evaluate", "--data", ".", "--limit", "many"),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)


@given(
    verb=st.sampled_from([one for one in VERBS if len(one) > 4]),
    place=st.integers(0, 20),
    kind=st.sampled_from(["drop", "double", "swap"]),
)
def test_a_command_with_one_letter_wrong_finds_the_one_that_was_meant(
    verb: str, place: int, kind: str
) -> None:
    at = place % (len(verb) - 1)
    typo = {
        "drop": verb[:at] + verb[at + 1 :],
        "double": verb[: at + 1] + verb[at:],
        "swap": verb[:at] + verb[at + 1] + verb[at] + verb[at + 2 :],
    }[kind]
    if typo == verb or typo in VERBS:
        return
    # Without its x, export is nearer to report.
    as_near = [one for one in VERBS if likeness(typo, one) >= likeness(typo, verb)]
    text = said(typo)
    assert any(f"Did you mean {one!r}?" in text for one in as_near)


def likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
