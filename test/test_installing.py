"""What the package tells its users to type."""

from __future__ import annotations

import re
import runpy
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

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


REPOSITORY = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12")
APT = {"opencv": "opencv-python-headless", "yaml": "pyyaml"}
"""What the distributions name otherwise than PyPI."""


def pinned() -> dict[str, dict[str, tuple[str, str]]]:
    """Version and comment of each pin of requirements-oldest.txt, by package and Python."""
    pins: dict[str, dict[str, tuple[str, str]]] = {}
    for line in (REPOSITORY / "requirements-oldest.txt").read_text().splitlines():
        found = re.match(r"([\w-]+)==([\w.]+)(?:; python_version (>=|==) \"([\d.]+)\")?", line)
        if found is None:
            assert line.startswith("#"), line
            continue
        name, version, relation, python = found.groups()
        since = PYTHONS.index(python) if python else 0
        for one in PYTHONS[since : since + 1 if relation == "==" else None]:
            reason = line.partition("#")[2].strip()
            assert one not in pins.setdefault(name.lower(), {}), f"{name} twice for {one}"
            pins[name.lower()][one] = version, reason
    return pins


def promised() -> dict[str, str]:
    """The oldest version of each package that setup.py promises for the tests' second half."""
    asked: dict[str, Any] = {}
    with mock.patch("setuptools.setup", lambda **words: asked.update(words)):
        runpy.run_path(str(REPOSITORY / "setup.py"))
    extras = asked["extras_require"]
    wanted = [*asked["install_requires"], *extras["cpu"], *extras["view"]]
    return {
        found[1].lower(): found[2]
        for one in wanted
        if (found := re.match(r"([\w-]+)>=([\w.]+)", one))
    }


def test_the_second_half_of_the_tests_has_the_oldest_version_of_all_that_is_promised() -> None:
    pins = pinned()
    assert set(pins) == set(promised())
    for name, oldest in promised().items():
        assert set(pins[name]) == set(PYTHONS), name
        for python, (version, reason) in pins[name].items():
            is_it = f"{version}.".startswith(f"{oldest}.")
            assert is_it or reason, f"{name} {version} for Python {python} is not {oldest}: why?"


def test_what_package_xml_names_of_python_is_promised_by_setup_py_too() -> None:
    manifest = (REPOSITORY / "package.xml").read_text()
    names = re.findall(r"<exec_depend>python3-([\w-]+)</exec_depend>", manifest)
    assert {APT.get(name, name) for name in names} <= set(promised())


def test_make_installs_the_oldest_versions_from_their_list() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    [line] = [one for one in makefile.splitlines() if "$(OLD_PIP) -r" in one]
    assert "-r requirements-oldest.txt" in line
    assert "==" not in line
    assert "[ros-wheels,cpu,view]" in line
