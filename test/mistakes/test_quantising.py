"""What is asked of `segmentation quantize`, and files that it cannot take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mistakes.table import Mistake, told
from small_network import onnx_bytes, write_network

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from segmentation_node.media.images import write_image
from segmentation_node.model import Model, load_model
from segmentation_node.model.calibration import Agreement
from segmentation_node.pipeline import Segmenter
from segmentation_node.quantize.calibrate import Method
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.run import check_agreement, check_file, quantize


def asked(**options: object) -> Callable[[Path], str]:
    """What is said of a request; images are given unless told otherwise."""
    given = {"model": "camvid", "output": Path("out.onnx"), "images": (Path("images"),), **options}
    return lambda _: told(Request, **given)


def damaged(folder: Path) -> str:
    (folder / "net.onnx").write_bytes(b"\x08\x08 no network")
    return told(check_file, folder / "net.onnx")


def no_images(folder: Path) -> str:
    (folder / "notes.txt").touch()
    return told(ImageSet.read, (folder,))


LOST = Agreement(16, 0.8, {"person": 0.0}, {"person": 0.0})


def little_network(folder: Path) -> Path:
    """A network of random weights: in INT8 more than a cell in a hundred changes its class."""
    from little_fcn import little_fcn  # noqa: PLC0415 (it imports onnx)

    noise = np.random.default_rng(0)
    (folder / "images").mkdir()
    for number in range(2):
        image = noise.integers(0, 256, (48, 72, 3), np.uint8)
        write_image(folder / "images" / f"{number}.png", image)
    return write_network(folder, little_fcn().SerializeToString(), classes=4, stride=2)


def to_int8(folder: Path) -> str:
    """What is said of a network that INT8 spoils."""
    request = Request(
        little_network(folder),
        folder / "small.int8.onnx",
        images=(folder / "images",),
        method=Method("entropy"),
    )
    return told(quantize, request, lambda *_: None, lambda _: None)


def checked_against_another(folder: Path) -> str:
    path = folder / "small.int8.onnx"
    network = write_network(folder, source_sha256="0" * 64)
    network.rename(path)
    network.with_suffix(".yaml").rename(path.with_suffix(".yaml"))
    return told(check_agreement, path, Request("camvid", path, images=(folder,)))


def in_the_node(agreement: Agreement | None) -> Callable[[Path], str]:
    """What the node says of a network in INT8 with that record."""

    def said(folder: Path) -> str:
        with Segmenter.load(recorded(folder, agreement).path, engine="openvino") as segmenter:
            return segmenter.trouble

    return said


def recorded(folder: Path, agreement: Agreement | None, **changes: object) -> Model:
    content = {} if agreement is None else {"agreement": {**agreement.to_mapping(), **changes}}
    return load_model(write_network(folder, onnx_bytes(quantised=True), **content))


def record(**changes: object) -> Callable[[Path], str]:
    """What is said of a sidecar whose record is edited."""
    return lambda folder: told(recorded, folder, LOST, **changes)


MISTAKES = [
    Mistake(
        "int8_that_does_not_label_as_float",
        "% of the cells have the class of the float network",
        "INT8 loses or moves a class, which is looked for on the calibration images.",
        "Let all methods be tried, leave layers in float by `--sensitive 4`, or give more images.",
        to_int8,
        also=("by entropy", "--sensitive 4", "--force"),
    ),
    Mistake(
        "a_method_misspelt",
        "the method 'percentle'",
        "There is no such way of calibrating.",
        "Write it as shown, or leave `--method` out: all are tried.",
        lambda _: told(Method, "percentle"),
        also=("write percentile",),
    ),
    Mistake(
        "checked_against_another_network",
        "made from another network",
        "`--check` compares with the float network that the INT8 file was made from.",
        "Give that one by `--model FLOAT.onnx`.",
        checked_against_another,
        also=("small.int8.onnx", "--model"),
    ),
    Mistake(
        "int8_without_a_record",
        "which nobody has held against its float network",
        "The INT8 file was made by an older version or another program.",
        "Run `segmentation quantize --check` as the message says: it judges the file.",
        in_the_node(None),
        also=("small.onnx in INT8", "segmentation quantize --check"),
    ),
    Mistake(
        "int8_that_lost_a_class",
        "person loses 100 % of its cells",
        "The INT8 file was written with `--force`.",
        "Quantise again without it, on images that show the class.",
        in_the_node(LOST),
        also=("small.onnx in INT8", "quantize it again"),
    ),
    Mistake(
        "a_record_in_per_cent",
        "agreement.same_class",
        "The record was edited: it holds shares from 0 to 1.",
        "Quantise again instead of editing it.",
        record(same_class=99.4),
        also=("99.4",),
    ),
    Mistake(
        "a_record_with_a_key_misspelt",
        "forcd",
        "The record was edited.",
        "Quantise again instead of editing it.",
        record(forcd=True),
    ),
    Mistake(
        "images_that_are_not_there",
        "no folder at",
        "The path of the calibration images is wrong.",
        "Give the folder that holds the images themselves.",
        lambda folder: told(ImageSet.read, (folder / "imges",)),
        also=("imges", "a folder of images"),
    ),
    Mistake(
        "bins_that_are_no_power_of_two",
        "1000 bins",
        "Histograms double their range, which halves their bins.",
        "Ask for 2048 or 4096.",
        lambda _: told(Method, "percentile", 1000),
    ),
    Mistake(
        "a_negative_number_of_sensitive_layers",
        "0 or more sensitive layers",
        "`--sensitive` says how many layers stay in float.",
        "Give 0 or more.",
        asked(sensitive=-1),
        also=("'-1'",),
    ),
    Mistake(
        "no_images",
        "int8 without images",
        "INT8 measures ranges on images.",
        "Give `--images DIR`, in every light that the network will meet.",
        asked(images=()),
    ),
    Mistake(
        "a_folder_without_images",
        "without an image",
        "The folder holds no image.",
        "Give the folder that holds the images themselves.",
        no_images,
    ),
    Mistake(
        "an_unknown_precision",
        "'int4'",
        "Networks are quantised to int8, int8-weights or fp16.",
        "Choose one of these.",
        asked(precision="int4"),
        also=("int8-weights",),
    ),
    Mistake(
        "an_unknown_method",
        "the method 'kl'",
        "There is no such way of calibrating.",
        "Choose one that is listed.",
        lambda _: told(Method, "kl"),
        also=("auto", "percentile", "minmax", "entropy"),
    ),
    Mistake(
        "a_percentile_as_a_share",
        "the percentile 0.999",
        "The percentile is in per cent.",
        "Write 99.9.",
        lambda _: told(Method, "percentile", 2048, 0.999),
    ),
    Mistake(
        "an_output_of_another_kind",
        "a path that ends in .onnx",
        "Engines are built in a step of their own.",
        "Write an .onnx, then `segmentation build`.",
        asked(output=Path("out.engine")),
    ),
    Mistake(
        "layers_left_out_of_fp16",
        "layers to leave out of fp16",
        "FP16 takes the whole network.",
        "Leave `--exclude` out.",
        asked(precision="fp16", exclude=("conv1",)),
    ),
    Mistake(
        "a_damaged_network",
        "net.onnx",
        "The file is no ONNX.",
        "Copy or export it again.",
        damaged,
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_user_is_told_what_to_do(mistake: Mistake, tmp_path: Path) -> None:
    mistake.check(tmp_path)
