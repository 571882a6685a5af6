"""Keeps what was measured for the next time, as long as nothing that it depends on has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segmentation_node.errors import ModelError
from segmentation_node.fields import parse_json
from segmentation_node.files import write_whole
from segmentation_node.quantize.measured import Measured

Tensors = dict[str, Measured]
Measure = Callable[[Sequence[str]], Tensors]

FORMAT = 2
"""Version of the file's form, and of how tensors are measured: raise it when either changes."""


@dataclass(frozen=True)
class Conditions:
    """What measurements depend on.

    Args:
        network_sha256: Of the network's file and of those that hold its weights, in hexadecimal.
        images_sha256: Of the images, in hexadecimal.
        method: Bins and percentile; the ranges of all methods are kept.
        size: Size of the network's input.
        preprocessing: How images become its input: fit, padding, order, mean and std.
    """

    network_sha256: str
    images_sha256: str
    method: str
    size: str
    preprocessing: str


class MeasurementCache:
    """Measurements in a file; whatever is wrong with the file, they are made again.

    Args:
        path: The file; it need not be there.
        conditions: What the measurements depend on now.

    Attributes:
        warnings: What was wrong with the file, or changed, as sentences.
    """

    def __init__(self, path: Path, conditions: Conditions) -> None:
        self._path = path
        self._conditions = conditions
        self.warnings: list[str] = []
        self._tensors = self._read()

    def tensors(self, names: Sequence[str], measure: Measure) -> Tensors:
        """What is known of tensors, from the file where it has them.

        Args:
            names: The tensors.
            measure: Called with the names that the file does not have.

        Raises:
            OutputError: The file cannot be written.
        """
        missing = [name for name in names if name not in self._tensors]
        if missing:
            self._tensors |= measure(missing)
            self._write()
        return {name: self._tensors[name] for name in names}

    def _read(self) -> Tensors:
        if not self._path.exists():
            return {}
        try:
            content = parse_json(self._path.read_text(encoding="utf-8"))
            tensors = _checked(content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ModelError) as error:
            reason = " ".join(str(error).split())[:80]
            self.warnings.append(f"{self._path} is damaged ({reason}): calibrated again")
            return {}
        return tensors if self._is_valid(content["conditions"]) else {}

    def _is_valid(self, found: Mapping[str, Any]) -> bool:
        now = asdict(self._conditions)
        changed = [name.removesuffix("_sha256") for name in now if found.get(name) != now[name]]
        if changed:
            what = ", ".join(changed)
            self.warnings.append(f"{self._path} was made with other {what}: calibrated again")
        return not changed

    def _write(self) -> None:
        conditions = asdict(self._conditions)
        tensors = {name: asdict(measured) for name, measured in self._tensors.items()}
        content = {"format": FORMAT, "conditions": conditions, "tensors": tensors}
        content["sha256"] = _digest(conditions, tensors)
        write_whole(self._path, (json.dumps(content) + "\n").encode())


def _checked(content: Any) -> Tensors:
    if content["format"] != FORMAT:
        raise ValueError(f"form {content['format']}, not {FORMAT}")
    if content["sha256"] != _digest(content["conditions"], content["tensors"]):
        raise ValueError("its digest is wrong")
    return {name: Measured.from_mapping(one) for name, one in content["tensors"].items()}


def _digest(conditions: Mapping[str, Any], tensors: Mapping[str, Any]) -> str:
    text = json.dumps([FORMAT, conditions, tensors], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
