from __future__ import annotations

import ctypes

import pytest
from host_kernels import build, find_compiler


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The kernels, compiled for the processor."""
    compiler = find_compiler()
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    return build(compiler, tmp_path_factory.mktemp("kernels"))
