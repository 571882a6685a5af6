"""Networks as people export them, and sidecars as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mistakes.table import Mistake, told
from small_network import INT8, onnx_bytes, sidecar

from segmentation_node.errors import ModelError
from segmentation_node.model import load_model

INT64 = 7


def write(folder: Path, content: dict[str, Any] | str, **network: Any) -> Path:
    """A network with its sidecar."""
    path = folder / "net.onnx"
    path.write_bytes(onnx_bytes(**network))
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    path.with_suffix(".yaml").write_text(text, encoding="utf-8")
    return path


def with_sidecar(**changes: Any) -> Callable[[Path], str]:
    return lambda folder: told(load_model, write(folder, sidecar(**changes)))


def with_text(old: str, new: str) -> Callable[[Path], str]:
    text = yaml.safe_dump(sidecar(), sort_keys=False)
    assert old in text
    return lambda folder: told(load_model, write(folder, text.replace(old, new)))


def with_network(classes: int = 4, **network: Any) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        return told(load_model, write(folder, sidecar(classes=classes), **network))

    return make


def without_sidecar(folder: Path) -> str:
    path = write(folder, sidecar())
    path.with_suffix(".yaml").unlink()
    return told(load_model, path)


def network_holds(data: bytes) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        path = write(folder, sidecar())
        path.write_bytes(data)
        return told(load_model, path)

    return make


def asked_for(size: str, **changes: Any) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        model = load_model(write(folder, sidecar(**changes), size=_fixed(changes)))
        return told(lambda: model.check_size(model.size_of(size)))

    return make


def _fixed(changes: dict[str, Any]) -> tuple[int | None, int | None]:
    return changes.get("height"), changes.get("width")


def cut_data_file(folder: Path) -> str:
    path = write(folder, sidecar(), data_file="net.onnx.data")
    (folder / "net.onnx.data").write_bytes(b"short")
    return told(load_model, path)


CLASSES = sidecar()["labels"]["classes"]

MISTAKES = [
    Mistake(
        "softmax_inside",
        "probabilities (it ends in Softmax)",
        "The network ends in a softmax, of which the confidence would be wrong.",
        "Export it without its last operator; the labels stay the same.",
        with_network(ends_in=("Softmax",)),
        also=("net.onnx", "logits"),
    ),
    Mistake(
        "softmax_then_resized",
        "probabilities (it ends in Softmax)",
        "A softmax stands before an enlargement in the graph.",
        "Export the network without both.",
        with_network(ends_in=("Softmax", "Resize")),
    ),
    Mistake(
        "sigmoid_inside",
        "probabilities (it ends in Sigmoid)",
        "The network ends in a sigmoid.",
        "Export it without its last operator.",
        with_network(ends_in=("Sigmoid",)),
    ),
    Mistake(
        "argmax_inside",
        "class ids (it ends in ArgMax)",
        "The network gives class ids and no scores.",
        "Export it without its argmax: the node takes it.",
        with_network(ends_in=("ArgMax",), kind=INT64, result=(1, 1, None, None)),
    ),
    Mistake(
        "argmax_cast_to_float",
        "class ids (it ends in ArgMax)",
        "The network gives class ids as floating-point numbers.",
        "Export it without its argmax.",
        with_network(ends_in=("ArgMax", "Cast"), result=(1, 1, None, None)),
    ),
    Mistake(
        "argmax_without_channel_axis",
        "class ids (it ends in ArgMax)",
        "The network gives class ids without an axis of channels.",
        "Export it without its argmax.",
        with_network(ends_in=("ArgMax",), kind=INT64, result=(1, None, None)),
    ),
    Mistake(
        "one_channel",
        "one channel, the score of one class",
        "A binary network gives one logit for each pixel.",
        "Export two channels: `torch.cat([torch.zeros_like(x), x], 1)`.",
        with_network(classes=2, result=(1, 1, None, None)),
    ),
    Mistake(
        "input_channels_last",
        "channels last (NHWC)",
        "TensorFlow exports images with channels last.",
        "Export with `tf2onnx --inputs-as-nchw`.",
        with_network(channels_last=True),
    ),
    Mistake(
        "output_channels_last",
        "channels last (NHWC)",
        "The logits have their channels last.",
        "Export with `tf2onnx --outputs-as-nchw`.",
        with_network(ends_in=("Transpose",), result=(1, 8, 12, 4)),
        also=("'logits'",),
    ),
    Mistake(
        "auxiliary_head",
        "1 inputs and 2 outputs",
        "The network has an auxiliary head, or gives its features as well.",
        "Export the logits alone.",
        with_network(outputs=2),
        also=("'image' 1x3x?x? float32; and 'logits' 1x4x?x? float32, 'more1'",),
    ),
    Mistake(
        "lost_data_file",
        "no file net.onnx.data beside",
        "PyTorch keeps weights in a second file, which was not copied.",
        "Copy both, or export with `external_data=False`.",
        with_network(data_file="net.onnx.data"),
    ),
    Mistake(
        "cut_data_file",
        "bytes of weights that net.onnx looks for there",
        "The file of the weights is cut short, or of another export.",
        "Copy both files again.",
        cut_data_file,
    ),
    Mistake(
        "aligned_corners",
        "as networks with align_corners=True have them",
        "513 pixels become 65: the network keeps corners on corners.",
        "Export it at a multiple of its stride, and write `align_corners: true` under `output`.",
        lambda folder: told(
            load_model,
            write(
                folder,
                sidecar(height=513, width=513, multiple=8, default_size=[513, 513]),
                size=(513, 513),
                result=(1, 4, 65, 65),
            ),
        ),
        also=("513",),
    ),
    Mistake(
        "mean_on_0_to_1",
        "as of images from 0 to 1",
        "mean and std are on the scale of images from 0 to 1.",
        "Multiply both by 255.",
        with_sidecar(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        also=("mean: [123.675, 116.28, 103.53] and std: [58.395, 57.12, 57.375]",),
    ),
    Mistake(
        "mean_one_half",
        "as of images from 0 to 1",
        "mean and std 0.5 are those of images from 0 to 1.",
        "Write 127.5 for both.",
        with_sidecar(mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5]),
        also=("127.5",),
    ),
    Mistake(
        "mean_alone_on_0_to_1",
        "as of images from 0 to 1",
        "mean is on the scale from 0 to 1, std on that from 0 to 255.",
        "Multiply mean by 255.",
        with_sidecar(mean=[0.485, 0.456, 0.406], std=[58.4, 57.1, 57.4]),
        also=("255 m and 255 s",),
    ),
    Mistake(
        "std_alone_on_0_to_1",
        "as of images from 0 to 1",
        "std is on the scale from 0 to 1, mean on that from 0 to 255.",
        "Multiply std by 255.",
        with_sidecar(mean=[123.7, 116.3, 103.5], std=[0.229, 0.224, 0.225]),
        also=("255 m and 255 s",),
    ),
    Mistake(
        "std_as_a_factor",
        "these look like factors",
        "std divides; Caffe and MXNet have a factor in its place.",
        "Write 1 / factor, for images from 0 to 255.",
        with_sidecar(mean=[123.68, 116.78, 103.94], std=[0.017, 0.017, 0.017]),
    ),
    Mistake(
        "scaled_to_minus_1_to_1",
        "of x / 127.5 - 1 they are 127.5 and 127.5",
        "The network takes images from -1 to 1.",
        "Write 127.5 for both.",
        with_sidecar(mean=[1.0, 1.0, 1.0], std=[127.5, 127.5, 127.5]),
    ),
    Mistake(
        "std_of_zero",
        "at net.yaml: input.std",
        "std divides, and cannot be 0.",
        "Write the standard deviation of the training images, or 1.",
        with_sidecar(std=[0.0, 1.0, 1.0]),
    ),
    Mistake(
        "two_means",
        "a list of 3",
        "There is one mean for each of red, green and blue.",
        "Write three numbers.",
        with_sidecar(mean=[127.0, 127.0]),
        also=("input.mean",),
    ),
    Mistake(
        "misspelt_key",
        "the unknown key net.yaml: lables",
        "A key is misspelt.",
        "Write it as the message says.",
        lambda folder: told(load_model, write(folder, {**sidecar(), "lables": "camvid11"})),
        also=("fix: write labels",),
    ),
    Mistake(
        "order_of_channels",
        "'gbr' at net.yaml: input.order",
        "The order of channels is rgb or bgr.",
        "Write one of these.",
        with_sidecar(order="gbr"),
    ),
    Mistake(
        "fit_unknown",
        "'pad' at net.yaml: input.fit",
        "The way of fitting images is none of those there are.",
        "Write one that the message names.",
        with_sidecar(fit="pad"),
        also=("letterbox",),
    ),
    Mistake(
        "no_sidecar",
        "no sidecar net.yaml beside",
        "Nothing says what the network takes and gives.",
        "Write the sidecar: docs/model_sidecar.md.",
        without_sidecar,
    ),
    Mistake(
        "tabs_in_the_sidecar",
        "net.yaml, unreadable",
        "YAML takes no tabs at the beginning of a line.",
        "Indent with blanks.",
        with_text("  height", "\theight"),
    ),
    Mistake(
        "an_empty_network",
        "an empty file at",
        "The ONNX is empty: a copy that failed.",
        "Copy or export it again.",
        network_holds(b""),
    ),
    Mistake(
        "a_pytorch_checkpoint",
        "a foreign file (it begins with b'PK",
        "A PyTorch checkpoint was renamed to .onnx.",
        "Export it: docs/model_sidecar.md.",
        network_holds(b"PK\x03\x04" + bytes(100)),
    ),
    Mistake(
        "a_git_lfs_pointer",
        "a git-lfs pointer, not the model",
        "The repository was cloned without git-lfs.",
        "Run `git lfs pull`.",
        network_holds(b"version https://git-lfs.github.com/spec/v1\n"),
    ),
    Mistake(
        "half_a_download",
        "a file cut short at",
        "The download was interrupted.",
        "Copy the model again.",
        network_holds(onnx_bytes()[:-200]),
    ),
    Mistake(
        "a_fixed_size",
        "its only size, 64x96",
        "The network was exported for one size.",
        "Ask for that size, or export it with open sizes.",
        asked_for("128x128", height=64, width=96),
    ),
    Mistake(
        "no_multiple",
        "multiples of 32 pixels",
        "The network halves its input several times.",
        "Ask for the size that the message names.",
        asked_for("100x96"),
        also=("ask for 128x96",),
    ),
    Mistake(
        "a_model_that_is_not_shipped",
        "the model 'camvit'",
        "There is no shipped model of that name.",
        "Write one that the message names, or a path that ends in .onnx.",
        lambda _: told(load_model, "camvit"),
        also=("camvid",),
    ),
]


@pytest.mark.parametrize("after", ["Clip", "Concat", "Dropout", "Pad", "AveragePool", "Resize"])
def test_probabilities_are_found_behind_what_leaves_them_as_they_are(
    after: str, tmp_path: Path
) -> None:
    assert "it ends in Softmax" in with_network(ends_in=("Softmax", after))(tmp_path)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)


def test_what_the_mistakes_change_is_taken_without_them(tmp_path: Path) -> None:
    assert load_model(write(tmp_path, sidecar())).name == "small"


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ([0.0] * 3, [1.0] * 3),
        ([0.0] * 3, [255.0] * 3),
        ([0.0] * 3, [0.9, 1.0, 1.1]),
        ([127.5] * 3, [127.5] * 3),
        ([104.0, 116.7, 122.7], [1.0] * 3),
        ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
    ],
)
def test_every_scale_that_is_in_use_is_taken(
    mean: list[float], std: list[float], tmp_path: Path
) -> None:
    assert load_model(write(tmp_path, sidecar(mean=mean, std=std))).input.mean == tuple(mean)


def three(low: float, high: float) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(low, high), min_size=3, max_size=3)


@given(mean=three(0.05, 0.95), std=three(0.1, 0.6))
def test_any_mean_and_std_of_images_from_0_to_1_are_refused(
    mean: list[float], std: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    said = with_sidecar(mean=mean, std=std)(tmp_path_factory.getbasetemp())
    assert str([round(255 * one, 3) for one in std]) in said


@pytest.mark.parametrize(
    "ends_in", [("Relu",), ("LogSoftmax",), ("Identity",), ("Clip",), ("Transpose",)]
)
def test_what_ends_in_scores_is_taken(ends_in: tuple[str, ...], tmp_path: Path) -> None:
    assert load_model(write(tmp_path, sidecar(), ends_in=ends_in)).stride == 8


def test_weights_in_a_whole_file_beside_the_network_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, sidecar(), data_file="net.onnx.data")
    (tmp_path / "net.onnx.data").write_bytes(np.ones((4, 3, 8, 8), np.float32).tobytes())
    assert load_model(path).name == "small"


def test_weights_of_eight_bits_are_no_class_ids(tmp_path: Path) -> None:
    assert load_model(write(tmp_path, sidecar(), quantised=True)).stride == 8
    assert "class ids" in with_network(kind=INT8)(tmp_path)


@given(mean=three(-1, 1), std=three(1e-4, 2.0))
def test_no_numbers_are_named_but_those_of_images_from_0_to_1(
    mean: list[float], std: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Wrong numbers would be written as told, and nothing would ask again."""
    path = write(tmp_path_factory.getbasetemp(), sidecar(mean=mean, std=std))
    try:
        load_model(path)
    except ModelError as error:
        is_plain = any(mean) and all(0 <= one < 1 for one in mean)
        is_plain = is_plain and all(0.1 <= one <= 0.6 for one in std)
        assert ("write mean: [" in error.fix) == is_plain
