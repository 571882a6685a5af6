"""Writes the sidecar of a quantised network: its source's, with what was measured."""

from __future__ import annotations

from pathlib import Path

from segmentation_node.engines.cache import model_sha256
from segmentation_node.errors import ModelError
from segmentation_node.fields import dump_yaml, read_yaml
from segmentation_node.files import write_whole
from segmentation_node.model import Calibration, Model
from segmentation_node.model.calibration import Agreement


def write_sidecar(
    source: Model,
    path: Path,
    name: str,
    calibration: Calibration | None,
    agreement: Agreement | None = None,
) -> None:
    """Write a sidecar.

    Args:
        source: The float network; all that is said of it holds for the quantised one too.
        path: Where; the ONNX's path with the ending .yaml.
        name: The quantised network's name.
        calibration: How its ranges were measured; None where there are none.
        agreement: How it labels beside the source; None where it was not judged.

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
    if agreement is not None:
        content["agreement"] = agreement.to_mapping()
    write_whole(path, dump_yaml(content).encode())


def note_agreement(path: Path, agreement: Agreement) -> None:
    """Write into a sidecar that is there how its network labels beside the float one.

    Raises:
        ModelError: The sidecar cannot be read.
        OutputError: The file cannot be written.
    """
    content = {**read_yaml(path, ModelError), "agreement": agreement.to_mapping()}
    write_whole(path, dump_yaml(content).encode())
