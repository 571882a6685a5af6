"""Writes the YAML sidecar that `load_model` reads beside an exported network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentation_node.core.labels import LabelSet
from segmentation_node.fields import dump_yaml
from segmentation_node.files import write_whole
from segmentation_node.model import FORMAT
from segmentation_node.training.networks import NetworkEntry

# Height x width: cameras of 2:1, 16:9, 4:3 and 5:4 at a light and a fine size each, and
# CamVid's own 360x480 with twelve rows of padding above and below.
SIZES = ((256, 512), (288, 512), (384, 480), (384, 640), (480, 640), (512, 1024), (736, 1280))
# Light enough for 30 Hz on two cores beside a camera; 288 rows, 16:9 without any padding, take
# 1.75 times as long.
DEFAULT_SIZE = (256, 512)


@dataclass(frozen=True)
class Sidecar:
    """What the sidecar of an exported network says.

    Args:
        name: The model's name.
        network: The row of its network.
        labels: What its channels mean.
        licence: Licence of the weights.
        notice: One sentence that users must be told once; empty where there is none.
        training: Data, recipe and seed, as free form.
        temperature: What the logits are divided by before the softmax.
    """

    name: str
    network: NetworkEntry
    labels: LabelSet
    licence: str
    notice: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    temperature: float = 1.0

    def to_mapping(self) -> dict[str, Any]:
        """The sidecar as it stands in the file."""
        return {
            "format": FORMAT,
            "name": self.name,
            "input": self._input(),
            "output": {"stride": self.network.stride, "temperature": self.temperature},
            "sizes": [list(size) for size in SIZES],
            "default_size": list(DEFAULT_SIZE),
            "labels": self.labels.to_mapping(),
            "licence": self.licence,
            "notice": self.notice,
            "training": dict(self.training),
            "calibration": {},
        }

    def _input(self) -> dict[str, Any]:
        return {
            "height": None,
            "width": None,
            "multiple": self.network.multiple,
            "mean": list(self.network.mean),
            "std": list(self.network.std),
            "order": "rgb",
            "fit": "letterbox",
            "pad": list(self.network.pad),
        }


def write_sidecar(sidecar: Sidecar, path: Path) -> None:
    """Write a sidecar.

    Args:
        sidecar: What it says.
        path: Where; the ONNX's path with the ending .yaml.

    Raises:
        OutputError: The file cannot be written.
    """
    text = dump_yaml(sidecar.to_mapping())
    write_whole(path, text.encode())
