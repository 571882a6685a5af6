"""What is asked of `segmentation quantize`, and files that it cannot take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mistakes.table import Mistake, told

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from segmentation_node.quantize.calibrate import Method
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.run import check_file


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


MISTAKES = [
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
        also=("entropy", "percentile", "minmax"),
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
