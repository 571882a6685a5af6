from __future__ import annotations

from typing import Any

import pytest

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ModelError
from segmentation_node.model import Model, TensorSpec, load_model

IMAGE = TensorSpec("image", (1, 3, None, None), "float32")
LOGITS = TensorSpec("logits", (1, 11, None, None), "float32")


@pytest.fixture
def model(make_model: Any) -> Model:
    return load_model(make_model())


@pytest.fixture
def fixed(make_model: Any) -> Model:
    return load_model(make_model({"input.height": 256, "input.width": 512}))


@pytest.mark.parametrize(
    ("image", "logits"),
    [
        (IMAGE, LOGITS),
        (TensorSpec("x", (None, 3, None, None), "float32"), LOGITS),
        (IMAGE, TensorSpec("y", (None, None, None, None), "float32")),
        (TensorSpec("x", (1, 3, None, None), "float16"), LOGITS),
    ],
)
def test_networks_that_agree_with_their_sidecar_pass(
    model: Model, image: TensorSpec, logits: TensorSpec
) -> None:
    model.check_io(image, logits)


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (TensorSpec("x", (1, 1, None, None), "float32"), "'x' 1x1x[?]x[?] float32"),
        (TensorSpec("x", (1, None, None, 3), "float32"), "'x' 1x[?]x[?]x3"),
        (TensorSpec("x", (4, 3, None, None), "float32"), "4x3"),
        (TensorSpec("x", (1, 3, 256, 512), "float32"), "1x3x256x512"),
        (TensorSpec("x", (1, 3), "float32"), "1x3 float32"),
        (TensorSpec("x", (1, 3, None, None), "uint8"), "uint8"),
    ],
)
def test_inputs_that_disagree_are_shown_beside_what_the_sidecar_says(
    model: Model, image: TensorSpec, found: str
) -> None:
    with pytest.raises(ModelError, match=found) as error:
        model.check_io(image, LOGITS)
    assert "the input" in error.value.received
    assert "1x3x?x? float32, as little.yaml says" in error.value.expected


@pytest.mark.parametrize(
    "logits",
    [
        TensorSpec("y", (1, 12, None, None), "float32"),
        TensorSpec("y", (1, 11), "float32"),
        TensorSpec("y", (1, 11, None, None), "int64"),
    ],
)
def test_outputs_that_disagree_are_shown_beside_the_number_of_classes(
    model: Model, logits: TensorSpec
) -> None:
    with pytest.raises(ModelError, match="the output") as error:
        model.check_io(IMAGE, logits)
    assert "1x11x?x?" in error.value.expected


def test_a_fixed_size_must_be_the_sidecars_and_the_logits_its_size_over_stride(
    fixed: Model,
) -> None:
    image = TensorSpec("x", (1, 3, 256, 512), "float32")
    fixed.check_io(image, TensorSpec("y", (1, 11, 32, 64), "float32"))
    with pytest.raises(ModelError, match="1x11x32x64"):
        fixed.check_io(image, TensorSpec("y", (1, 11, 256, 512), "float32"))
    with pytest.raises(ModelError, match="1x3x256x512"):
        fixed.check_io(TensorSpec("x", (1, 3, 512, 512), "float32"), LOGITS)
    with pytest.raises(ModelError, match="1x3x256x512"):
        fixed.check_io(IMAGE, LOGITS)


@pytest.mark.parametrize("size", [(256, 512), (32, 32), (736, 1280)])
def test_dynamic_networks_take_every_multiple(model: Model, size: tuple[int, int]) -> None:
    model.check_size(NetworkSize(*size))


@pytest.mark.parametrize(
    ("size", "near"), [((250, 512), "256x512"), ((720, 1280), "736x1280"), ((1, 1), "32x32")]
)
def test_other_sizes_are_answered_with_the_next_that_fits(
    model: Model, size: tuple[int, int], near: str
) -> None:
    with pytest.raises(ModelError, match="multiples of 32") as error:
        model.check_size(NetworkSize(*size))
    assert near in error.value.fix


def test_fixed_networks_take_their_one_size(fixed: Model) -> None:
    fixed.check_size(NetworkSize(256, 512))
    with pytest.raises(ModelError, match="its only size, 256x512"):
        fixed.check_size(NetworkSize(512, 1024))


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 1), (2, 1), (1, 0), (1, 3)])
def test_networks_with_further_inputs_or_outputs_are_refused(
    model: Model, inputs: int, outputs: int
) -> None:
    model.check_counts(1, 1)
    with pytest.raises(ModelError, match=f"received {inputs} inputs and {outputs} outputs in"):
        model.check_counts(inputs, outputs)
