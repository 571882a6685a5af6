"""Where the FP16 and INT8 files of a network lie: one rule for the node, the builder and the rest.

The precision of a strongly typed network is that of its ONNX, so `camvid` in INT8 is a file of its
own, `camvid.int8.onnx`. It lies in the user's folder of converted networks, under the hash of the
network that it was made from, or beside the network. To the first `segmentation quantize` writes
those of the shipped networks, whose own folder belongs to the package: what a user has calibrated
on images of the own camera comes before what is shipped.

Only the ONNX is a converted network's own, and how it was calibrated. What its sidecar says besides
was copied from the network that it was made from, whose sidecar may have been corrected since: so
it is read there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segmentation_node.engines.cache import model_sha256
from segmentation_node.errors import ModelError
from segmentation_node.files import user_cache
from segmentation_node.model import MODELS_DIRECTORY, Model, load_model
from segmentation_node.model.onnx_graph import stored_precision
from segmentation_node.trust import distrust

CONVERTED = ("fp16", "int8")
"""The precisions that are files of their own."""

_HASH_LENGTH = 16


def model_of_precision(model: Model, precision: str) -> Model:
    """The network of a precision that was made from another, used as that one's sidecar says.

    Where there is none the model itself is given, which may be of that precision. One beside it
    that does not say what it was made from, as those of other programs, is used as its own sidecar
    says.

    Args:
        model: The network that was asked for.
        precision: `fp32`, `fp16` or `int8`.

    Raises:
        ModelError: It or its sidecar is faulty, or it was made from another network or for
            another input, or lies in the user's folder where others can write to it.
        EngineError: A file of the model's weights cannot be read.
    """
    if precision not in CONVERTED or stored_precision(model.path) == precision:
        return model
    source = model_sha256(model.path)
    own, beside = _places(model, precision, source)
    path = next((path for path in (own, beside) if path.is_file()), None)
    if path is None:
        return model
    if path == own:
        _check_trust(own)
    found = load_model(path)
    if not found.source_sha256 and path == beside:
        return found
    _check_source(found, model, precision, source)
    return replace(
        model,
        path=path,
        name=found.name,
        calibration=found.calibration,
        agreement=found.agreement,
        source_sha256=source,
    )


def best_precision(model: Model) -> str:
    """What `auto` is on a GPU: FP16 where there is a file of it, else what the ONNX is."""
    if any(path.is_file() for path in _places(model, "fp16", model_sha256(model.path))):
        return "fp16"
    return stored_precision(model.path)


def default_output(model: Model, precision: str) -> Path:
    """Where a converted network is written, so that it is found again.

    Args:
        model: The network that it is made from.
        precision: `fp16` or `int8`.
    """
    own, beside = _places(model, precision, model_sha256(model.path))
    return own if model.path.parent == MODELS_DIRECTORY else beside


def how_to_make(model: Model, precision: str) -> str:
    """The command that makes the network of a precision, as it is typed."""
    name = model.path.stem if model.path.parent == MODELS_DIRECTORY else model.path
    images = " --images DIR" if precision == "int8" else ""
    return f"segmentation quantize --model {name} --precision {precision}{images}"


def _places(model: Model, precision: str, source: str) -> tuple[Path, Path]:
    """In the order in which they are looked at: the user's folder, and beside the network."""
    name = f"{model.path.stem}.{precision}.onnx"
    return user_cache("networks") / source[:_HASH_LENGTH] / name, model.path.with_name(name)


def _check_trust(path: Path) -> None:
    """Check a network that is found by itself: where nobody named it, nobody vouches for it."""
    for file in filter(Path.exists, (path, path.with_suffix(".yaml"))):
        if not (why := distrust(file)):
            continue
        raise ModelError(
            received=f"{file}, {why}",
            expected="a converted network that only you can have written",
            fix="remove it if it is not yours, else chmod go-w it and the folders above it",
        )


def _check_source(found: Model, model: Model, precision: str, source: str) -> None:
    if not found.source_sha256:
        made = "from nothing that its sidecar names"
    elif found.source_sha256 != source:
        made = f"from another {model.path.name}"
    elif (found.input, found.stride) != (model.input, model.stride):
        made = f"for another input or stride than {model.path.stem}.yaml has"
    else:
        return
    raise ModelError(
        received=f"{found.path}, which was made {made}",
        expected=f"{model.path.name} as it is now, in {precision}",
        fix=how_to_make(model, precision),
    )
