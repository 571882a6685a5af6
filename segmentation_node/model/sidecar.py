"""Reads and checks a model's sidecar: the YAML that says what the ONNX cannot.

The keys are listed in docs/model_sidecar.md.
"""

from __future__ import annotations

from pathlib import Path

from segmentation_node.core.geometry import LARGEST_SIDE, FitMode, NetworkSize
from segmentation_node.core.labels import read_label_set
from segmentation_node.errors import ConfigError, ModelError, meant
from segmentation_node.fields import Fields, read_yaml
from segmentation_node.files import at_home
from segmentation_node.model.calibration import Calibration, read_agreement, read_calibration
from segmentation_node.model.contract import TEMPERATURES, InputSpec, Model
from segmentation_node.model.graph_check import check_graph
from segmentation_node.model.onnx_file import check_onnx_file

FORMAT = 1
"""Version of the sidecar's form that this package reads and writes."""

_UNIT_STD = (0.1, 0.6)
"""The std of images from 0 to 1 lies between these: half of them black, half white have 0.5."""

_LEAST_STD = 0.7
"""Below it a std is none of images from 0 to 255; about 1 it is that of a normalised input."""

MODELS_DIRECTORY = Path(__file__).parents[1] / "models"


def shipped_models() -> tuple[str, ...]:
    """Names of the models that come with the package and are in place.

    The same network in another precision, such as `camvid.int8`, goes by the network's name.
    """
    sidecars = sorted(MODELS_DIRECTORY.glob("*.yaml"))
    found = (path.stem for path in sidecars if path.with_suffix(".onnx").is_file())
    return tuple(name for name in found if "." not in name)


def load_model(name_or_path: str | Path) -> Model:
    """Read and check a model's sidecar, and check that the ONNX beside it is whole.

    Args:
        name_or_path: The name of a shipped model, such as `camvid`, or the path of an .onnx file
            with its sidecar `<same name>.yaml` beside it.

    Raises:
        ModelError: A file is missing, empty, foreign or faulty, in one sentence.
    """
    path = _model_path(name_or_path)
    check_onnx_file(path)
    sidecar = path.with_suffix(".yaml")
    if not sidecar.is_file():
        raise ModelError(
            received=f"no sidecar {sidecar.name} beside {path}",
            expected="a YAML file with the ONNX's name, which says what it takes and gives",
            fix="write one: docs/model_sidecar.md lists its keys",
        )
    fields = Fields(read_yaml(sidecar, ModelError), sidecar.name, ModelError)
    try:
        model = _model(path, fields)
    except ConfigError as error:
        received = f"{error.received} ({sidecar.name})"
        raise ModelError(received, error.expected, error.fix) from error
    # First the graph: it tells why a size cannot be had.
    check_graph(model)
    for size in model.sizes:
        model.check_size(size)
    return model


def _model_path(name_or_path: str | Path) -> Path:
    path = at_home(name_or_path)
    if path.suffix == ".onnx":
        return path
    if str(name_or_path) in shipped_models():
        return MODELS_DIRECTORY / f"{name_or_path}.onnx"
    known = ", ".join(shipped_models()) or "none (the package was installed without its models)"
    raise ModelError(
        received=f"the model {str(name_or_path)!r}",
        expected=f"a shipped model ({known}) or the path of an .onnx file",
        fix=meant(
            str(name_or_path),
            shipped_models(),
            "choose one of them, or give the file with its ending .onnx",
        ),
    )


def _model(path: Path, fields: Fields) -> Model:
    if fields.raw("format") != FORMAT:
        fields.fail("format", str(FORMAT), "use the version of the package that wrote it")
    output = fields.child("output")
    stride = output.integer("stride", 1, 64)
    temperature = output.number("temperature", *TEMPERATURES, default=1.0)
    align_corners = output.flag("align_corners", default=False)
    output.close()
    spec = _input(fields.child("input"), stride)
    default = _size(fields.integers("default_size", 2, 1, LARGEST_SIDE))
    model = Model(
        path=path,
        name=fields.text("name"),
        input=spec,
        stride=stride,
        align_corners=align_corners,
        temperature=temperature,
        labels=read_label_set(fields, "labels", path.parent),
        default_size=default,
        sizes=_sizes(fields, default),
        licence=fields.text("licence", ""),
        notice=fields.text("notice", ""),
        training=fields.mapping("training"),
        calibration=_calibration(fields),
        agreement=read_agreement(fields.child("agreement")) if fields.has("agreement") else None,
        source_sha256=fields.text("source_sha256", ""),
    )
    fields.close()
    return model


def _calibration(fields: Fields) -> Calibration | None:
    # Float networks have an empty one, or none.
    if not fields.mapping("calibration"):
        return None
    return read_calibration(fields.child("calibration"))


def _input(fields: Fields, stride: int) -> InputSpec:
    multiple = fields.integer("multiple", 1, 1024)
    if multiple % stride:
        fields.fail("multiple", f"a multiple of the output's stride, {stride}")
    mean = fields.numbers("mean", 3, -1e4, 1e4)
    std = fields.numbers("std", 3, 1e-6, 1e6)
    _check_scale(fields, mean, std)
    pad = fields.integers("pad", 3, 0, 255)
    spec = InputSpec(
        height=_fixed_side(fields, "height"),
        width=_fixed_side(fields, "width"),
        multiple=multiple,
        mean=(mean[0], mean[1], mean[2]),
        std=(std[0], std[1], std[2]),
        order=fields.choice("order", ("rgb", "bgr")),
        fit=FitMode(fields.choice("fit", [mode.value for mode in FitMode])),
        pad=(pad[0], pad[1], pad[2]),
    )
    fields.close()
    return spec


def _check_scale(fields: Fields, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Refuse a mean and std that are not on the scale of 0 to 255: only worse labels would tell.

    Mean 0 and std 1 are right for a network that normalises by itself, mean 0 and std 255 for one
    of images from 0 to 1. The right numbers are named where both are plainly those of images from
    0 to 1; anything else could be meant in several ways, and is asked about.
    """
    is_small_mean = any(mean) and all(abs(one) <= 1 for one in mean)
    if not is_small_mean and all(one >= _LEAST_STD for one in std):
        return
    is_of_unit_images = is_small_mean and all(0 <= one < 1 for one in mean)
    if is_of_unit_images and all(_UNIT_STD[0] <= one <= _UNIT_STD[1] for one in std):
        right_mean, right_std = ([round(255 * one, 3) for one in both] for both in (mean, std))
        fix = f"write mean: {right_mean} and std: {right_std}"
    elif all(one < _UNIT_STD[0] for one in std):
        fix = "std divides, and these look like factors: write 1 / factor, for images from 0 to 255"
    else:
        fix = (
            "write those of images from 0 to 255: of an input (x / 255 - m) / s they are 255 m and "
            "255 s, of x / 127.5 - 1 they are 127.5 and 127.5"
        )
    raise ModelError(
        received=f"mean {list(mean)} and std {list(std)} at {fields.where}, as of images from 0 to "
        "1",
        expected="mean and std of images from 0 to 255, for an input of (x - mean) / std",
        fix=fix,
    )


def _fixed_side(fields: Fields, key: str) -> int | None:
    # Null says "dynamic", so a forgotten key must not.
    return None if fields.raw(key) is None else fields.integer(key, 1, LARGEST_SIDE)


def _sizes(fields: Fields, default: NetworkSize) -> tuple[NetworkSize, ...]:
    if not fields.has("sizes"):
        return (default,)
    listed = tuple(_size(pair) for pair in fields.integer_lists("sizes", 2, 1, LARGEST_SIDE))
    if default not in listed:
        fields.fail("default_size", "one of sizes: " + ", ".join(str(size) for size in listed))
    return listed


def _size(sides: tuple[int, ...]) -> NetworkSize:
    return NetworkSize(sides[0], sides[1])
