"""What is asked of a quantisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError
from segmentation_node.quantize.calibrate import Method

PRECISIONS = ("int8", "int8-weights", "fp16")
RESTS = ("fp32", "fp16")


@dataclass(frozen=True)
class Request:
    """What is asked of a quantisation.

    Args:
        model: Name of a shipped model, or path of a float32 .onnx with its sidecar.
        output: The .onnx to write; its sidecar goes beside it.
        precision: `int8`: weights and activations; `int8-weights`: weights alone; `fp16`.
        rest: What is not int8: `fp32` or `fp16`.
        images: Folders of images to calibrate on, or images.
        reference: Folders of images that the network will be used or scored on; what the
            calibration images lack of their light is warned of.
        method: How ranges are chosen.
        exclude: Weighted operators to leave in float.
        sensitive: How many of the most sensitive layers to leave in float.
        quantize_last: Whether the layers that make the class scores are quantised as well.
        size: Network size to calibrate at; the model's default where None.
        limit: Most images to calibrate on; all where None.
        force: Whether an int8 network is written too that does not agree with the float one.
    """

    model: str | Path
    output: Path
    precision: str = "int8"
    rest: str = "fp32"
    images: tuple[Path, ...] = ()
    reference: tuple[Path, ...] = ()
    method: Method = field(default_factory=Method)
    exclude: tuple[str, ...] = ()
    sensitive: int = 0
    quantize_last: bool = False
    size: NetworkSize | None = None
    limit: int | None = None
    force: bool = False

    def __post_init__(self) -> None:
        _check(self.precision in PRECISIONS, self.precision, "one of " + ", ".join(PRECISIONS))
        _check(self.rest in RESTS, self.rest, "fp32 or fp16 for what is not int8")
        _check(self.output.suffix == ".onnx", self.output, "a path that ends in .onnx")
        _check(self.sensitive >= 0, self.sensitive, "0 or more sensitive layers")
        _check(self.limit is None or self.limit > 0, self.limit, "1 image or more")
        if self.precision == "int8" and not self.images:
            raise ConfigError(
                received="int8 without images",
                expected="a folder of images to calibrate on",
                fix="give --images DIR: some hundred, in every light that the network will meet",
            )
        self._check_all_used()

    def _check_all_used(self) -> None:
        if self.precision == "fp16":
            whole = "half precision throughout"
            _leave_out(self.exclude, "layers to leave out of fp16", whole)
            _leave_out(self.rest != "fp32", f"a rest in {self.rest} beside fp16", whole)
        if self.precision != "int8":
            layers = f"sensitive or last layers for {self.precision}"
            alone = "them for int8 alone, which quantises activations"
            _leave_out(self.sensitive or self.quantize_last, layers, alone)
            _leave_out(self.reference, f"reference images for {self.precision}", alone)

    @property
    def is_half(self) -> bool:
        """Whether what is not int8 is in half precision."""
        return self.precision == "fp16" or self.rest == "fp16"


def _leave_out(given: object, received: str, expected: str) -> None:
    if given:
        raise ConfigError(received, expected, "leave the option out")


def _check(right: bool, received: object, expected: str) -> None:
    if not right:
        raise ConfigError(f"{str(received)!r}", expected, "correct the option")
