"""What the package tells its users to type."""

from __future__ import annotations

from importlib import metadata

import pytest

from segmentation_node.installing import pip_install


@pytest.mark.parametrize(
    ("numpy", "command"),
    [
        ("1.26.4", "pip install 'openvino>=2024.4' onnx 'numpy<2'"),
        ("2.2.0", "pip install 'openvino>=2024.4' onnx"),
        (None, "pip install 'openvino>=2024.4' onnx"),
    ],
)
def test_a_numpy_that_ros_needs_is_left_alone(
    numpy: str | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if numpy is None:
            raise metadata.PackageNotFoundError(name)
        return numpy

    monkeypatch.setattr(metadata, "version", version)
    assert pip_install("openvino>=2024.4", "onnx") == command
