"""Quantises a network, from its files to the files of the quantised one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx

from segmentation_node.errors import ModelError
from segmentation_node.files import write_whole
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
from segmentation_node.quantize.sensitivity import difference, logits_of
from segmentation_node.quantize.sidecar import write_sidecar
from segmentation_node.quantize.source import Source

COMPARED_IMAGES = 8
"""Images on which the result is compared with the float network."""

LEAST_AGREEMENT = 0.99
"""Share of the cells that must keep their class, for an int8 network to be written."""

MOST_LOST = 0.1
"""Share of a class's cells that may change their class."""

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
    int8 = quantize_int8(source, images, coverage, request, progress)
    for warning in int8.warnings:
        say(f"warning: {warning}")
    figures["warnings"] += int8.warnings
    figures["sensitivity"] = [asdict(one) for one in int8.ranking]
    result = to_half(int8.network) if request.is_half else int8.network
    figures |= _compared(source, images, result)
    for warning in _judge(source, request, figures):
        say(f"warning: {warning}")
        figures["warnings"].append(warning)
    return _write(source, request, result, int8, figures)


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
) -> Figures:
    _hold_to_rules(result, request)
    name = f"{source.model.name}-{_suffix(request)}"
    data = result.SerializeToString()
    write_whole(request.output, data)
    calibration = None if int8 is None else int8.calibration
    write_sidecar(source.model, request.output.with_suffix(".yaml"), name, calibration)
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
    samples = list(source.samples(images.part(COMPARED_IMAGES)))
    found = difference(logits_of(source.network, samples), logits_of(result, samples))
    return {"compared_images": len(samples), **asdict(found)}


def _judge(source: Source, request: Request, compared: Figures) -> list[str]:
    """Refuse an int8 network that does not label as the float one; where forced, a warning.

    Raises:
        ModelError: Too few cells keep their class, or too few of one class do.
    """
    names = [label.name for label in source.model.labels.classes]
    lost = {names[channel]: 1 - kept for channel, kept in compared["kept"].items()}
    shown = [
        f"{name} loses {100 * share:.0f} % of its cells"
        for name, share in sorted(lost.items(), key=lambda one: -one[1])
        if share > MOST_LOST
    ]
    agreement = compared["label_agreement"]
    if agreement >= LEAST_AGREEMENT and not shown:
        return []
    error = ModelError(
        received=f"an int8 network of which {100 * agreement:.1f} % of the cells have the class of "
        f"the float network, by {request.method.name}" + "".join(f"; {one}" for one in shown),
        expected=f"{100 * LEAST_AGREEMENT:.0f} % of them, and no class that loses more than "
        f"{100 * MOST_LOST:.0f} %",
        fix="try another --method (percentile, minmax, entropy), leave layers in float by "
        "--sensitive 4, or give more images of these classes; --force writes it all the same",
    )
    if not request.force:
        raise error
    return [f"forced: {error.received}"]


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
