"""Writes the sidecar of a quantised network: its source's, with what was measured."""

from __future__ import annotations

from pathlib import Path

from segmentation_node.engines.cache import model_sha256
from segmentation_node.errors import ModelError
from segmentation_node.fields import dump_yaml, read_yaml
from segmentation_node.files import write_whole
from segmentation_node.model import Calibration, Model


def write_sidecar(source: Model, path: Path, name: str, calibration: Calibration | None) -> None:
    """Write a sidecar.

    Args:
        source: The float network; all that is said of it holds for the quantised one too.
        path: Where; the ONNX's path with the ending .yaml.
        name: The quantised network's name.
        calibration: How its ranges were measured; None where there are none.

    Raises:
        EngineError: A file of the source's weights cannot be read.
        OutputError: The file cannot be written.
    """
    content = dict(read_yaml(source.path.with_suffix(".yaml"), ModelError))
    content["name"] = name
    # A label file lies beside the source, and need not lie beside this one.
    content["labels"] = source.labels.to_mapping()
    # Who looks for this network beside its source must know whether it is still the same one.
    content["source_sha256"] = model_sha256(source.path)
    content["calibration"] = {} if calibration is None else calibration.to_mapping()
    text = dump_yaml(content)
    write_whole(path, text.encode())
