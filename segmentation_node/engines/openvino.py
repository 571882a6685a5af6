"""Runs a network on the CPU with OpenVINO.

The image goes in as it lies in memory, uint8 BGR: type, channel order, mean and std are put into
the graph, where they cost next to nothing.
Source: OpenVINO, "Preprocessing API" and "Runtime Inference Optimizations".
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.closing import Closing
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import openvino_int8 as int8
from segmentation_node.engines import openvino_runtime as runtime
from segmentation_node.engines.converted import how_to_make
from segmentation_node.errors import EngineError, ModelError
from segmentation_node.model import InputSpec, Model, TensorSpec

_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""OpenVINO's names of the floating-point precisions."""

_INT8 = {"i8", "u8"}

_log = logging.getLogger("segmentation_node")


class OpenVinoEngine(Closing):
    """A network compiled for this machine's CPU.

    Args:
        model: The network.
        precision: `auto`, `fp32`, `bf16`, `fp16` or `int8`.
        size: Size of its input.

    Raises:
        EngineError: OpenVINO is missing, or the processor cannot do the precision.
        ModelError: The ONNX is damaged, or is not what its sidecar says.
    """

    name = "openvino"

    def __init__(self, model: Model, precision: str, size: NetworkSize) -> None:
        model.check_size(size)
        self.model = model
        """The network in use: the file of the precision."""
        wanted = choose(precision)
        network = _read(model)
        if int8.cuts_sums_off() and int8.narrow_weights(network):
            _log.info("%s runs with int8 weights of 7 bits: no VNNI here", model.path.name)
        self.input, self.output = _reshape(network, model, size)
        self.runtime, self.device = runtime.version(), runtime.device_name()
        compiled = _compile(_with_preprocessing(network, model.input), model, wanted)
        self.precision = _precision_in_use(compiled)
        check_precision(self.precision, precision, model)
        self._input = np.zeros((1, size.height, size.width, 3), np.uint8)
        self._logits = np.zeros(compiled.output(0).shape, np.float32)
        self._request = _request(compiled, self._input, self._logits)

    @property
    def input_array(self) -> NDArray[np.uint8]:
        """(1, h, w, 3) uint8 BGR: the engine's own input, to be filled before `infer`."""
        return self._input

    def infer(self, image: NDArray[np.uint8] | None = None) -> NDArray[np.float32]:
        """Run the network; see `CpuEngine.infer`."""
        if self._request is None:
            raise EngineError("a closed engine", "an open one", "open it again")
        if image is not None:
            self._fill(image)
        try:
            self._request.infer()
        except RuntimeError as error:
            raise EngineError(
                received=f"a failure of {self.runtime}: {_one_line(error)}",
                expected="logits",
                fix="check memory and processor; try the precision fp32",
            ) from error
        return self._logits

    def _fill(self, image: NDArray[np.uint8]) -> None:
        shape = self._input.shape
        if image.dtype != np.uint8 or image.shape not in (shape, shape[1:]):
            raise EngineError(
                received=f"an input of {image.dtype} {image.shape}",
                expected=f"uint8 {shape[1:]}, BGR",
                fix="resize the image to the network's size",
            )
        np.copyto(self._input, image)

    def close(self) -> None:
        """Free the network; the arrays stay valid as long as someone holds them."""
        self._request = None


def choose(precision: str) -> str:
    """The precision that is meant: `auto` is the fastest of the processor's that costs nothing.

    Raises:
        EngineError: The processor cannot do it, or OpenVINO is missing.
    """
    can = runtime.precisions()
    if precision == "auto":
        return can[0]
    if precision not in can:
        raise EngineError(
            received=f"the precision {precision!r}",
            expected="one that this processor can do: auto, " + ", ".join(can),
            fix="ask for one of these",
        )
    return precision


def _read(model: Model) -> Any:
    try:
        network = runtime.core().read_model(str(model.path))
    except RuntimeError as error:
        raise _unreadable(model, error) from error
    model.check_counts(len(network.inputs), len(network.outputs))
    return network


def _reshape(network: Any, model: Model, size: NetworkSize) -> tuple[TensorSpec, TensorSpec]:
    """Fix the network's input to a size; return both tensors at that size."""
    model.check_io(_spec(network.input(0)), _spec(network.output(0)))
    try:
        network.reshape([1, 3, size.height, size.width])
    except RuntimeError as error:
        raise ModelError(
            received=f"the size {size}, {size.in_words}, for {model.path.name} "
            f"({_one_line(error)})",
            expected="a size that all of the network's layers can take",
            fix=f"ask for {model.default_size}, or correct `multiple` in the sidecar",
        ) from error
    found = _spec(network.input(0)), _spec(network.output(0))
    rows, columns = size.height // model.stride, size.width // model.stride
    if found[1].shape != (1, model.labels.num_classes, rows, columns):
        raise ModelError(
            received=f"logits {found[1]} for an input of {size} from {model.path.name}",
            expected=f"1x{model.labels.num_classes}x{rows}x{columns}: stride {model.stride}, as "
            f"{model.path.with_suffix('.yaml').name} says",
            fix="correct the stride in the sidecar, or export the network again",
        )
    return found


def _spec(tensor: Any) -> TensorSpec:
    name = min(tensor.names, default=tensor.node.friendly_name)
    axes = tuple(None if axis.is_dynamic else axis.get_length() for axis in tensor.partial_shape)
    return TensorSpec(name, axes, np.dtype(tensor.element_type.to_dtype()).name)


def _with_preprocessing(network: Any, spec: InputSpec) -> Any:
    ov = runtime.openvino()
    ppp = ov.preprocess.PrePostProcessor(network)
    image = ppp.input()
    image.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    image.tensor().set_color_format(ov.preprocess.ColorFormat.BGR)
    image.model().set_layout(ov.Layout("NCHW"))
    steps = image.preprocess().convert_element_type(ov.Type.f32)
    if spec.order == "rgb":
        steps.convert_color(ov.preprocess.ColorFormat.RGB)
    steps.mean(list(spec.mean)).scale(list(spec.std))
    steps.convert_element_type(network.input(0).element_type)
    ppp.output().tensor().set_element_type(ov.Type.f32)
    return ppp.build()


def _compile(network: Any, model: Model, precision: str) -> Any:
    # A quantised network says itself which layers run in int8; the hint is for the others.
    hint = _HINTS.get(precision) or _HINTS[runtime.precisions()[0]]
    properties = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": hint,
        # Pinned threads wait for their core while a camera driver or a recorder has it. Beside
        # other programs this is up to a fifth faster; alone it makes no difference.
        "ENABLE_CPU_PINNING": False,
    }
    try:
        return runtime.core().compile_model(network, runtime.DEVICE, properties)
    except RuntimeError as error:
        raise _unreadable(model, error) from error


def _precision_in_use(compiled: Any) -> str:
    """Ask the compiled network: int8 where convolutions run in it, else its floating-point type."""
    for layer in compiled.get_runtime_model().get_ops():
        info = layer.get_rt_info()
        kind, precision = (str(info[key].value) for key in ("layerType", "runtimePrecision"))
        if kind == "Convolution" and precision in _INT8:
            return "int8"
    hint = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    return next((name for name, word in _HINTS.items() if word == hint), str(hint))


def check_precision(found: str, asked: str, model: Model) -> None:
    """Check that a network runs in the precision that was asked for.

    Args:
        found: What it runs in.
        asked: What was asked for.
        model: The network.

    Raises:
        EngineError: It does not.
    """
    if asked in {"auto", found}:
        return
    quantised = "int8" in {found, asked}
    raise EngineError(
        received=f"the precision {asked!r} for {model.path.name}, which then runs in {found}",
        expected="a quantised network for int8, and any other network for the rest"
        if quantised
        else f"{found}, or auto",
        fix=f"ask for auto, or make that network: {how_to_make(model, 'int8')}"
        if asked == "int8"
        else "ask for auto, or give the network of that precision",
    )


def _request(compiled: Any, image: NDArray[np.uint8], logits: NDArray[np.float32]) -> Any:
    tensor = runtime.openvino().Tensor
    request = compiled.create_infer_request()
    request.set_input_tensor(tensor(image, shared_memory=True))
    request.set_output_tensor(tensor(logits, shared_memory=True))
    return request


def _unreadable(model: Model, error: RuntimeError) -> ModelError:
    return ModelError(
        received=f"{model.path}, which OpenVINO cannot load ({_one_line(error)})",
        expected="an ONNX network",
        fix="copy or export the model again",
    )


def _one_line(error: Exception) -> str:
    """Shorten one of OpenVINO's messages to what went wrong, without its call stack."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Exception from")] or lines
    return told[0][:200] if told else type(error).__name__
