"""Quantises a network, from its files to the files of the quantised one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx

from segmentation_node.engines.cache import model_sha256
from segmentation_node.errors import ModelError
from segmentation_node.files import write_whole
from segmentation_node.model import Model, load_model
from segmentation_node.model.calibration import LEAST_AGREEMENT, MOST_CHANGED, Agreement
from segmentation_node.quantize.coverage import Coverage, gaps
from segmentation_node.quantize.graph import Graph
from segmentation_node.quantize.half import to_half
from segmentation_node.quantize.images import ImageSet
from segmentation_node.quantize.insertion import insert
from segmentation_node.quantize.int8 import Int8, Progress, quantize_int8
from segmentation_node.quantize.network import read_onnx
from segmentation_node.quantize.placement import place_weights
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.rules import check, precisions
from segmentation_node.quantize.sensitivity import Comparison, Difference
from segmentation_node.quantize.sidecar import note_agreement, write_sidecar
from segmentation_node.quantize.source import Source

COMPARED_IMAGES = 16
"""Images, spread over those given, on which the result is compared with the float network."""

Say = Callable[[str], None]
Figures = dict[str, Any]


def quantize(request: Request, progress: Progress, say: Say) -> Figures:
    """Quantise a network and write it with its sidecar.

    Args:
        request: What is asked for.
        progress: Called with the name of a step, how much of it is done, and of all.
        say: Called with each sentence that the user should read, as soon as it is known.

    Returns:
        What was done, as plain figures: layers by precision, coverage, warnings, sensitivities,
        and how far the logits lie from the float network's.

    Raises:
        SegmentationError: A file cannot be read or written, or the network cannot be quantised.
    """
    source = Source.read(request)
    images = ImageSet.read(request.images, request.limit)
    if request.precision != "int8":
        result = _without_activations(source, request)
        return _write(source, request, result, None, _compared(source, images, result))
    coverage, figures = _cover(images, request, progress, say)
    beside = _beside(source, images)
    int8 = quantize_int8(source, images, coverage, request, progress, beside)
    if int8.methods:
        figures["methods"] = {
            name: {"label_agreement": one.label_agreement, "mean_iou": one.mean_iou}
            for name, one in int8.methods.items()
        }
    for warning in int8.warnings:
        say(f"warning: {warning}")
    figures["warnings"] += int8.warnings
    figures["sensitivity"] = [asdict(one) for one in int8.ranking]
    result = to_half(int8.network) if request.is_half else int8.network
    found = beside.with_(result)
    agreement = _agreement(source.model, found, len(beside))
    figures |= {"compared_images": len(beside), **asdict(found), "method": int8.calibration.method}
    for warning in _judge(agreement, int8.calibration.method, request.force):
        say(f"warning: {warning}")
        figures["warnings"].append(warning)
    return _write(source, request, result, int8, figures, agreement)


def check_file(path: Path, *, allow_last: bool = False) -> Figures:
    """Hold an ONNX file to the rules.

    Args:
        path: The file.
        allow_last: Whether the layers that make the class scores may be quantised.

    Returns:
        `violations`, as sentences, and how many layers run in what.

    Raises:
        ModelError: The file cannot be read.
    """
    model = read_onnx(path)
    violations = [str(violation) for violation in check(model, allow_last=allow_last)]
    return {"violations": violations, "layers": asdict(precisions(model))}


def check_agreement(path: Path, request: Request) -> Agreement:
    """Hold an INT8 file against its float network on images, and note in its sidecar what is found.

    Args:
        path: The INT8 file, with its sidecar beside it.
        request: Names the float network, the images, and the size to compare at.

    Raises:
        ModelError: A file cannot be read, or was made from another network.
        MediaError: An image cannot be read.
        OutputError: The sidecar cannot be written.
    """
    source, quantised = Source.read(request), load_model(path)
    if quantised.source_sha256 not in {"", model_sha256(source.model.path)}:
        raise ModelError(
            received=f"{path}, which was made from another network than {source.model.path}",
            expected="both files of one network",
            fix="name the float one with --model",
        )
    beside = _beside(source, ImageSet.read(request.images, request.limit))
    found = beside.with_(read_onnx(path))
    agreement = _agreement(source.model, found, len(beside))
    note_agreement(path.with_suffix(".yaml"), agreement)
    return agreement


def _without_activations(source: Source, request: Request) -> onnx.ModelProto:
    network = source.network
    if request.precision == "int8-weights":
        placement = place_weights(Graph(network), request.exclude)
        network = insert(network, placement, {}, half=request.is_half)
    return to_half(network) if request.is_half else network


def _cover(
    images: ImageSet, request: Request, progress: Progress, say: Say
) -> tuple[Coverage, Figures]:
    """Say what light the images cover, and what they lack of the reference's."""
    coverage = Coverage.of(images, lambda done, total: progress("coverage", done, total))
    say(f"calibration set: {coverage}")
    figures: Figures = {"calibration": _covered(coverage), "warnings": []}
    if request.reference:
        reference = ImageSet.read(request.reference)
        wanted = Coverage.of(reference, lambda done, total: progress("reference", done, total))
        say(f"reference set: {wanted}")
        figures["reference"] = _covered(wanted)
        figures["warnings"] += gaps(coverage, wanted)
    for warning in figures["warnings"]:
        say(f"warning: {warning}")
    return coverage, figures


def _covered(coverage: Coverage) -> Figures:
    return {
        "images": len(coverage.images),
        "conditions": coverage.conditions(),
        "sequences": coverage.sequences(),
    }


def _write(
    source: Source,
    request: Request,
    result: onnx.ModelProto,
    int8: Int8 | None,
    figures: Figures,
    agreement: Agreement | None = None,
) -> Figures:
    _hold_to_rules(result, request)
    name = f"{source.model.name}-{_suffix(request)}"
    data = result.SerializeToString()
    write_whole(request.output, data)
    calibration = None if int8 is None else int8.calibration
    sidecar = request.output.with_suffix(".yaml")
    write_sidecar(source.model, sidecar, name, calibration, agreement)
    return {
        "name": name,
        "output": str(request.output),
        "layers": asdict(precisions(result)),
        "float_layers": list(int8.placement.float_layers) if int8 else [],
        "bytes": len(data),
        "float_bytes": source.model.path.stat().st_size,
        "network_size": str(source.size),
        **figures,
    }


def _compared(source: Source, images: ImageSet, result: onnx.ModelProto) -> Figures:
    """How far the logits lie from the float network's, where there are images to tell by."""
    if not images.paths:
        return {}
    beside = _beside(source, images)
    return {"compared_images": len(beside), **asdict(beside.with_(result))}


def _beside(source: Source, images: ImageSet) -> Comparison:
    return Comparison(source.network, list(source.samples(images.part(COMPARED_IMAGES))))


def _agreement(model: Model, found: Difference, images: int) -> Agreement:
    names = [label.name for label in model.labels.classes]
    return Agreement(
        images=images,
        same_class=found.label_agreement,
        kept={names[channel]: share for channel, share in found.kept.items()},
        gained={names[channel]: share for channel, share in found.gained.items()},
        unjudged=tuple(names[channel] for channel in found.unjudged),
    )


def _judge(agreement: Agreement, method: str, force: bool) -> list[str]:
    """Refuse an int8 network that does not label as the float one; where forced, a warning.

    Raises:
        ModelError: Too few cells keep their class, or one class loses or gains too many.
    """
    told = []
    if agreement.unjudged:
        names = ", ".join(agreement.unjudged)
        told.append(f"too few cells in {agreement.images} images to judge {names}")
    if agreement.trouble:
        error = ModelError(
            received=f"an int8 network by {method} of which {agreement.trouble}",
            expected=f"{100 * LEAST_AGREEMENT:.0f} % of them, and no class that loses or gains "
            f"more than {100 * MOST_CHANGED:.0f} %",
            fix="leave layers in float by --sensitive 4, give more images of these classes, or "
            "try another --method; --force writes it all the same",
        )
        if not force:
            raise error
        told.append(f"forced: {error.received}")
    return told


def _hold_to_rules(result: onnx.ModelProto, request: Request) -> None:
    onnx.checker.check_model(result, full_check=True)
    violations = check(result, allow_last=request.quantize_last)
    if violations:
        raise ModelError(
            received=f"a network whose quantised form breaks a rule: {violations[0]}",
            expected="one that all rules can be kept on",
            fix=f"leave that part in float: --exclude {violations[0].node}",
        )


def _suffix(request: Request) -> str:
    rest = "-fp16" if request.is_half and request.precision != "fp16" else ""
    return request.precision + rest
