"""The model contract: an ONNX file and the YAML sidecar that says what the ONNX cannot."""

from __future__ import annotations

from segmentation_node.model.calibration import Calibration, ImageSummary, Spread
from segmentation_node.model.contract import InputSpec, Model, TensorSpec
from segmentation_node.model.sidecar import (
    FORMAT,
    MODELS_DIRECTORY,
    load_model,
    shipped_models,
)

__all__ = [
    "FORMAT",
    "MODELS_DIRECTORY",
    "Calibration",
    "ImageSummary",
    "InputSpec",
    "Model",
    "Spread",
    "TensorSpec",
    "load_model",
    "shipped_models",
]
