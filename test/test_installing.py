"""What the package tells its users to type."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from segmentation_node import installing
from segmentation_node.installing import environment_nearby, pip_install, without


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
    monkeypatch.setattr(sys, "prefix", "/an/environment")
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


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The system's Python, to which pip refuses to write, and a workspace with the package."""
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "lib"))
    package = tmp_path / "ws" / "install" / "segmentation_node" / "installing.py"
    for folder in (tmp_path / "lib", package.parent, tmp_path / "elsewhere"):
        folder.mkdir(parents=True)
    (tmp_path / "lib" / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(installing, "__file__", str(package))
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(metadata, "version", lambda name: "2.2.0")
    return tmp_path


def test_the_environment_of_the_workspace_is_named(system: Path) -> None:
    activate = system / "ws" / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.touch()
    assert environment_nearby() == system / "ws" / ".venv"
    assert pip_install("av") == f". {activate} && pip install av"


def test_an_environment_that_has_the_package_only_has_to_be_active(system: Path) -> None:
    there = system / "ws" / ".venv"
    for path in (
        there / "bin" / "activate",
        there / "lib" / "python3.12" / "site-packages" / "typer",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    fix = without(ModuleNotFoundError(name="typer")).fix
    assert fix == f"run: . {there}/bin/activate (a service starts {there}/bin/python instead)"
    assert "pip install av" in without(ModuleNotFoundError(name="av")).fix


def test_where_pip_refuses_an_environment_is_made_first(system: Path) -> None:
    made = "python3 -m venv --system-site-packages .venv && . .venv/bin/activate"
    assert pip_install("av") == f"{made} && pip install av"
    (system / "lib" / "EXTERNALLY-MANAGED").unlink()
    assert pip_install("av") == "pip install av"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cv2", "pip install opencv-python-headless"),
        ("yaml.nodes", "pip install PyYAML"),
        ("typer", "pip install typer"),
        ("rclpy.node", "source /opt/ros/"),
        ("sensor_msgs.msg", "source /opt/ros/"),
    ],
)
def test_a_missing_package_is_named_with_what_brings_it(name: str, said: str) -> None:
    error = without(ModuleNotFoundError(name=name))
    assert f"no package {name.partition('.')[0]} in {sys.executable}" in str(error)
    assert said in error.fix


def test_a_missing_part_of_this_package_is_no_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError):
        without(ModuleNotFoundError(name="segmentation_node.core"))


@pytest.mark.parametrize(
    ("program", "words", "lacks"),
    [
        ("segmentation_node.cli.app", ["--help"], "typer"),
        ("segmentation_node.cli.app", ["run", "a.png", "-o", "b.png"], "cv2"),
        ("segmentation_node.cli.app", ["run", "a.png", "-o", "b.png"], "numpy"),
        ("segmentation_node.ros.node", [], "rclpy"),
        ("segmentation_node.ros.node", [], "yaml"),
    ],
)
def test_a_python_that_lacks_a_package_gets_one_sentence(
    program: str, words: list[str], lacks: str
) -> None:
    code = f"import sys, runpy; sys.modules[{lacks!r}] = None; "
    code += f"runpy.run_module({program!r}, run_name='__main__', alter_sys=True)"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"no package {lacks} in" in done.stderr
    assert "Traceback" not in done.stderr
