from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from segmentation_node import cuda

SOURCES = sorted(Path(cuda.__path__[0]).glob("*.py"))


@pytest.fixture(scope="module")
def api() -> Any:
    try:
        # Importing it needs neither a GPU nor its driver.
        return importlib.import_module("cuda.bindings.driver")
    except ImportError:
        pytest.skip("cuda-bindings is not installed")


def calls_of_the_api() -> list[tuple[str, int]]:
    """Name and number of arguments of each function that the package calls."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                values = [getattr(argument, "value", None) for argument in node.args]
                names = [v for v in values if re.fullmatch(r"cu[A-Z]\w+", str(v))]
                found += [(name, len(values) - values.index(name) - 1) for name in names]
    return found


def test_every_function_that_is_called_exists_and_takes_as_many_arguments(api: Any) -> None:
    calls = calls_of_the_api()
    assert len({name for name, _ in calls}) >= 12
    for name, count in calls:
        signature = re.match(rf"{name}\((.*?)\)", inspect.getdoc(getattr(api, name)) or "")
        assert signature is not None, name
        expected = len([one for one in signature[1].split(",") if one.strip()])
        assert count == expected, f"{name}({signature[1]})"


def test_every_constant_that_is_used_exists(api: Any) -> None:
    assert int(api.CUevent_record_flags.CU_EVENT_RECORD_DEFAULT) == 0
    assert int(api.CUevent_record_flags.CU_EVENT_RECORD_EXTERNAL) == 1
    assert int(api.CUevent_wait_flags.CU_EVENT_WAIT_DEFAULT) == 0
    assert api.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL.name.endswith("THREAD_LOCAL")
    assert int(api.CUstream_flags.CU_STREAM_NON_BLOCKING) == 1
    assert int(api.CUresult.CUDA_SUCCESS) == 0
