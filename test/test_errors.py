from __future__ import annotations

import copy
import pickle

import pytest

from segmentation_node import errors
from segmentation_node.errors import FrameError, SegmentationError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SegmentationError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_received_expected_and_fix_in_one_line(
    kind: type[SegmentationError],
) -> None:
    error = kind(received="a 0x0 image", expected="at least 1x1", fix="check the driver")
    assert str(error) == "received a 0x0 image; expected at least 1x1; fix: check the driver"
    assert (error.received, error.expected, error.fix) == (
        "a 0x0 image",
        "at least 1x1",
        "check the driver",
    )


def test_one_root_catches_them_all() -> None:
    assert len(KINDS) >= 9
    assert all(issubclass(kind, SegmentationError) for kind in KINDS)
    assert not issubclass(SegmentationError, ValueError)


@pytest.mark.parametrize("again", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))])
def test_errors_cross_processes_unchanged(again: object) -> None:
    error = FrameError("a", "b", "c")
    other = again(error)  # type: ignore[operator]
    assert type(other) is FrameError
    assert (other.received, other.expected, other.fix) == ("a", "b", "c")
    assert str(other) == str(error)


def test_all_three_parts_are_needed() -> None:
    with pytest.raises(TypeError):
        FrameError("received", "expected")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("image_tpic", "image_topic"), ("Mode", "mode"), ("modell", "model"), ("zebra", "")],
)
def test_a_misspelt_name_finds_the_one_that_was_meant(written: str, meant: str) -> None:
    assert errors.nearest(written, ["model", "mode", "image_topic", "image_topics"]) == meant


@pytest.mark.parametrize(
    ("written", "fix"), [("fp23", "write fp32"), ("INT8", "write int8"), ("zzz", "choose one")]
)
def test_what_was_meant_is_what_to_write(written: str, fix: str) -> None:
    assert errors.meant(written, ["auto", "fp32", "int8"], "choose one") == fix
