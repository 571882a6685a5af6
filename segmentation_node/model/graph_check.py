"""Holds an ONNX's graph against what this package runs: one image in, one map of logits out.

Each form in which people export networks is named for what it is, with what to do about it.
"""

from __future__ import annotations

from typing import NoReturn

from segmentation_node.errors import ModelError
from segmentation_node.model.contract import Model
from segmentation_node.model.onnx_graph import OnnxGraph, Tensor, read_graph

_FLOATS = ("float32", "float16")


def check_graph(model: Model) -> None:
    """Check that a network is of the form that its sidecar, and this package, take for granted.

    What the file does not say (open sizes, types left out) is left to the engine.

    Args:
        model: The network with its sidecar.

    Raises:
        ModelError: It is of another form; the message says of which, and how to export it.
    """
    graph = read_graph(model.path)
    _check_data_files(model, graph)
    if not graph.outputs:
        return
    _check_counts(model, graph)
    _check_input(model, graph.inputs[0])
    _check_output(model, graph.inputs[0], graph.outputs[0], graph.last)


def _check_data_files(model: Model, graph: OnnxGraph) -> None:
    for name, least in graph.data_files.items():
        path = model.path.parent / name
        if not path.is_file():
            _refuse(
                f"no file {name} beside {model.path}, which keeps its weights there",
                "both files in one folder",
                f"copy {name} as well, or export with external_data=False",
            )
        if path.stat().st_size < least:
            _refuse(
                f"{path.stat().st_size} bytes in {path}",
                f"the {least} bytes of weights that {model.path.name} looks for there",
                "copy both files again: one is cut short, or of another export",
            )


def _check_counts(model: Model, graph: OnnxGraph) -> None:
    if len(graph.inputs) == 1 and len(graph.outputs) == 1:
        return
    inputs, outputs = (", ".join(map(str, ends)) for ends in (graph.inputs, graph.outputs))
    _refuse(
        f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs in {model.path.name}: "
        f"{inputs}; and {outputs}",
        "one image input and one output of logits",
        "export the network with these alone, such as without its auxiliary head",
    )


def _check_input(model: Model, image: Tensor) -> None:
    shape, name = image.shape, model.path.name
    if len(shape) == 4 and shape[1] != 3 and shape[3] == 3:
        _refuse(
            f"the input {image} in {name}: channels last (NHWC)",
            "channels first (NCHW), such as 1x3x512x1024",
            "export it with channels first, such as by tf2onnx --inputs-as-nchw",
        )
    if len(shape) == 4 and shape[1] not in {3, None}:
        _refuse(
            f"the input {image} in {name}: {shape[1]} channels",
            "three: an image in colour",
            "use a network that was trained on colour images",
        )
    if image.dtype and image.dtype not in _FLOATS:
        _refuse(
            f"the input {image} in {name}: whole numbers",
            "float32, which the sidecar's mean and std are applied to",
            "export the network without the cast and the scaling at its beginning",
        )


def _check_output(model: Model, image: Tensor, output: Tensor, last: str) -> None:
    shape, name, classes = output.shape, model.path.name, model.labels.num_classes
    what = f"the output {output} in {name}"
    if last in {"ArgMax", "TopK"} or (output.dtype and output.dtype not in _FLOATS):
        _refuse(
            f"{what}: class ids (it ends in {last})",
            f"logits: a score for each of the {classes} classes",
            "export the network without its argmax: the node takes it, and needs the scores",
        )
    if len(shape) == 4 and shape[1] == 1 and classes <= 2:
        _refuse(
            f"{what}: one channel, the score of one class",
            "two channels, background and class",
            "export torch.cat([torch.zeros_like(x), x], 1) of the logit x: the same labels and "
            "probabilities",
        )
    if last in {"Softmax", "Sigmoid", "HardSigmoid"}:
        _refuse(
            f"{what}: probabilities (it ends in {last})",
            "logits, as before it: of probabilities the confidence would be wrong",
            f"export the network without its {last}: the labels stay the same",
        )
    if len(shape) == 4 and shape[3] == classes and shape[1] not in {classes, None}:
        _refuse(
            f"{what}: channels last (NHWC)",
            f"channels first (NCHW), such as 1x{classes}x64x128",
            "export it with channels first, such as by tf2onnx --outputs-as-nchw",
        )
    _check_alignment(model, image, output)


def _check_alignment(model: Model, image: Tensor, output: Tensor) -> None:
    stride = model.stride
    if len(image.shape) != 4 or len(output.shape) != 4 or stride == 1:
        return
    pairs = list(zip(image.shape[2:], output.shape[2:], strict=True))
    if all(a is not None and b is not None and (a - 1) / stride + 1 == b for a, b in pairs):
        sizes = " and ".join(f"{a} to {b}" for a, b in pairs)
        _refuse(
            f"the output {output} for the input {image} in {model.path.name}: {sizes} pixels, as "
            "networks with align_corners=True have them",
            f"the input's size over the stride, {stride}",
            f"export it at multiples of {stride} pixels, and write output.align_corners: true",
        )


def _refuse(received: str, expected: str, fix: str) -> NoReturn:
    raise ModelError(received, expected, fix)
