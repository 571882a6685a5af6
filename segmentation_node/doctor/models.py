"""The shipped models: whether each is whole and agrees with its sidecar."""

from __future__ import annotations

from collections.abc import Iterator

from segmentation_node.config import PipelineConfig
from segmentation_node.doctor.finding import Finding, one_line
from segmentation_node.errors import SegmentationError

TOPIC = "models"
REINSTALL = "install the package again: a file of it is missing or damaged"


def examine() -> Iterator[Finding]:
    """Read every shipped model."""
    # Imported here: it loads NumPy, which may be the very thing that is broken.
    from segmentation_node.model import load_model, shipped_models  # noqa: PLC0415

    default = PipelineConfig().model
    for name in sorted({default, *shipped_models()}):
        essential = name == default
        try:
            model = load_model(name)
        except SegmentationError as error:
            problem = one_line(str(error))
            yield Finding(TOPIC, name, "missing", problem, REINSTALL, essential)
        else:
            classes = f"{model.labels.num_classes} classes of {model.labels.name}"
            yield Finding(TOPIC, name, "ok", f"{classes}, {model.licence}", essential=essential)
