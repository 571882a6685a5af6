"""What the figures of a comparison depend on."""

from __future__ import annotations

from typing import Any

from segmentation_node.bench.accuracy import file_sha256
from segmentation_node.bench.precision.measure import Record
from segmentation_node.bench.precision.weights import Weights
from segmentation_node.model import load_model

_SETTING = ("network_size", "fit", "engine", "device")


def setting(record: Record) -> dict[str, Any]:
    """Network size, fit, engine and device, the same for all precisions."""
    return {key: record.networks[0][key] for key in _SETTING}


def weights_mapping(weights: Weights) -> dict[str, Any]:
    """Which model some groups were scored with."""
    model = load_model(weights.model)
    return {
        "groups": list(weights.groups),
        "never_saw_them": weights.is_own,
        "model": model.name,
        "model_file": model.path.name,
        "model_sha256": file_sha256(model.path),
    }
