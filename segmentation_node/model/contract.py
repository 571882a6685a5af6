"""What the package knows of a network: its input, its logits, its labels, and how it may be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from segmentation_node.core.geometry import FitMode, NetworkSize
from segmentation_node.core.labels import LabelSet
from segmentation_node.errors import ModelError
from segmentation_node.model.calibration import Agreement, Calibration

_FLOATS = ("float32", "float16")

TEMPERATURES = (0.01, 100.0)
"""Smallest and largest temperature; networks are off by a factor of a few at most."""


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a network, as a runtime reports it.

    Args:
        name: The tensor's name.
        shape: Sizes of its axes; None where an axis is dynamic.
        dtype: NumPy's name of its type, such as `float32`.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        shape = "x".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name!r} {shape} {self.dtype}"


@dataclass(frozen=True)
class InputSpec:
    """How an image becomes the network's input: fitted, ordered, then (x - mean) / std.

    Args:
        height: Pixels; None where the network takes any.
        width: Pixels; None where the network takes any.
        multiple: Pixels; height and width are multiples of it.
        mean: (3,) float in 0..255, in the network's channel order.
        std: (3,) float above 0, on the same scale.
        order: Channel order of the input, `rgb` or `bgr`.
        fit: How an image is fitted to the input.
        pad: (3,) int RGB, 0..255: the colour around a letterboxed image.
    """

    height: int | None
    width: int | None
    multiple: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    order: str
    fit: FitMode
    pad: tuple[int, int, int]

    @property
    def pad_bgr(self) -> tuple[int, int, int]:
        """(3,) int BGR, 0..255: the padding in the order of camera images."""
        red, green, blue = self.pad
        return blue, green, red


@dataclass(frozen=True)
class Model:
    """A network ready to be opened by an engine.

    Args:
        path: The ONNX file.
        name: The network's name.
        input: How images become its input.
        stride: Input pixels per pixel of its logits.
        align_corners: Whether its logits are to be enlarged with corners on corners.
        labels: What its channels mean.
        default_size: Network size where the user asks for none.
        sizes: Network sizes that the model is meant for; a dynamic network takes others too.
        temperature: Divides the logits before the softmax, so that confidences are frequencies.
        licence: Licence of the weights.
        notice: One sentence that users must be told once.
        training: Data, recipe and scores, as free form.
        calibration: How the ranges of a quantised network were measured; None for any other.
        agreement: How a quantised network labels beside its float one; None where nobody looked.
        source_sha256: Of the ONNX that it was converted from, in hexadecimal; empty for any other.
    """

    path: Path
    name: str
    input: InputSpec
    stride: int
    labels: LabelSet
    default_size: NetworkSize
    sizes: tuple[NetworkSize, ...]
    align_corners: bool = False
    temperature: float = 1.0
    licence: str = ""
    notice: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    calibration: Calibration | None = None
    agreement: Agreement | None = None
    source_sha256: str = ""

    def size_of(self, asked: str | NetworkSize | None) -> NetworkSize:
        """The size that is meant: None and `default` are the model's own.

        Args:
            asked: A size, or one as HEIGHTxWIDTH in pixels such as `512x1024`.

        Raises:
            ConfigError: It is none.
        """
        if isinstance(asked, NetworkSize):
            return asked
        return self.default_size if asked in {None, "default"} else NetworkSize.parse(str(asked))

    def check_size(self, size: NetworkSize) -> None:
        """Check that the network can run at a size.

        Raises:
            ModelError: It cannot; the message says which sizes it can.
        """
        fixed = (self.input.height or size.height, self.input.width or size.width)
        if fixed != (size.height, size.width):
            only = NetworkSize(*fixed)
            self._refuse(size, f"its only size, {only} ({only.in_words})", f"ask for {only}")
        step = self.input.multiple
        if size.height % step or size.width % step:
            near = NetworkSize(_up(size.height, step), _up(size.width, step))
            self._refuse(size, f"multiples of {step} pixels", f"ask for {near} ({near.in_words})")

    def _refuse(self, size: NetworkSize, expected: str, fix: str) -> NoReturn:
        received = f"the network size {size} ({size.in_words}) for {self.name}"
        raise ModelError(received, expected, fix)

    def check_counts(self, inputs: int, outputs: int) -> None:
        """Check that the network has one input and one output.

        Args:
            inputs: How many it has.
            outputs: How many it has.

        Raises:
            ModelError: It has another number of either.
        """
        if inputs != 1 or outputs != 1:
            raise ModelError(
                received=f"{inputs} inputs and {outputs} outputs in {self.path.name}",
                expected="one image input and one output of logits",
                fix="export the network with these alone",
            )

    def check_io(self, input: TensorSpec, output: TensorSpec) -> None:  # noqa: A002
        """Check that the network is what its sidecar says.

        Args:
            input: The network's image input.
            output: The network's logits.

        Raises:
            ModelError: They disagree; the message names the tensor and both figures.
        """
        height, width = self.input.height, self.input.width
        self._check_tensor(input, "input", 3, (height, width))
        if (height is None) != (input.shape[2] is None) or (width is None) != (
            input.shape[3] is None
        ):
            self._disagree("input", input, f"1x3x{height or '?'}x{width or '?'} float32")
        logits = (_over(input.shape[2], self.stride), _over(input.shape[3], self.stride))
        self._check_tensor(output, "output", self.labels.num_classes, logits)

    def _check_tensor(
        self, found: TensorSpec, what: str, channels: int, size: tuple[int | None, int | None]
    ) -> None:
        shape = (1, channels, *size)
        fits = len(found.shape) == 4 and all(
            a is None or b is None or a == b for a, b in zip(found.shape, shape, strict=True)
        )
        if not fits or found.dtype not in _FLOATS:
            axes = "x".join("?" if axis is None else str(axis) for axis in shape)
            self._disagree(what, found, f"{axes} float32")

    def _disagree(self, what: str, found: TensorSpec, expected: str) -> NoReturn:
        sidecar = self.path.with_suffix(".yaml").name
        raise ModelError(
            received=f"the {what} {found} in {self.path.name}",
            expected=f"{expected}, as {sidecar} says",
            fix=f"correct {sidecar}, or export the network again",
        )


def _up(side: int, step: int) -> int:
    return -(-side // step) * step


def _over(side: int | None, stride: int) -> int | None:
    return None if side is None else side // stride
