"""Makes the network of each precision, by `quantize`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation_node.bench.precision.variants import Variant
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.model import load_model
from segmentation_node.quantize.calibrate import Method
from segmentation_node.quantize.int8 import Progress
from segmentation_node.quantize.request import Request
from segmentation_node.quantize.run import quantize

Say = Callable[[str], None]


@dataclass(frozen=True)
class Quantising:
    """How networks are made, the same for all precisions as far as it concerns them.

    Args:
        images: What INT8 is calibrated on.
        exclude: Layers that stay in float, for INT8 of either kind.
        sensitive: How many of the most sensitive layers stay in float, for INT8.
        size: Network size to calibrate at; the model's default where None.
        limit: Most images to calibrate on; all where None.
    """

    images: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    sensitive: int = 0
    size: NetworkSize | None = None
    limit: int | None = None

    def request(self, model: str, output: Path, variant: Variant) -> Request:
        """What is asked of `quantize`."""
        common: dict[str, Any] = {"model": model, "output": output, "precision": variant.precision}
        # What it costs is what is to be found out.
        common["force"] = True
        if variant.precision == "int8":
            common |= {"images": self.images, "limit": self.limit, "size": self.size}
            common |= {"method": Method(variant.method), "sensitive": self.sensitive}
        if variant.precision != "fp16":
            common["exclude"] = self.exclude
        return Request(**common)


@dataclass(frozen=True)
class Network:
    """A network on disk.

    Args:
        variant: Its precision.
        path: The .onnx file; its sidecar lies beside it.
        figures: What `quantize` says of it; empty for the network as it was.
    """

    variant: Variant
    path: Path
    figures: dict[str, Any]

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size


def network(
    model: str, variant: Variant, how: Quantising, folder: Path, progress: Progress, say: Say
) -> Network:
    """Make a network of one precision; what was measured before is used again.

    Args:
        model: Shipped name or path of the float network.
        variant: The precision.
        how: What to calibrate on, and what stays in float.
        folder: Where to; measurements are kept beside the network.
        progress: Called with the name of a step, how much of it is done, and of all.
        say: Called with each sentence that the user should read.

    Raises:
        SegmentationError: The network cannot be quantised, or a file not be read or written.
    """
    source = load_model(model).path
    if not variant.precision:
        return Network(variant, source, {})
    ending = variant.name.replace("/", "-").replace(" ", "-")
    output = folder / f"{source.stem}-{ending}.onnx"
    figures = quantize(
        how.request(model, output, variant),
        lambda step, *at: progress(f"{variant.name}: {step}", *at),
        say,
    )
    return Network(variant, output, figures)
