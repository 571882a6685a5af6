"""Python itself and the packages: which are here, and whether the essential ones load."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata, util

from segmentation_node import __version__
from segmentation_node.doctor import trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.installing import pip_install

TOPIC = "python"
TRIALS = "segmentation_node.doctor.trials"

# import name -> (what is missing without it, what to install)
OPTIONAL: Mapping[str, tuple[str, str]] = {
    "rosbags": ("bags", "rosbags"),
    "av": ("videos", "av"),
    "matplotlib": ("plots of the demo and of measurements", "matplotlib"),
    "onnx": ("export and training", "onnx"),
    "torch": ("training", "torch"),
    "onnxruntime": ("quantisation", "onnxruntime"),
}


def version_of(name: str) -> str | None:
    """The version of an installed package, without loading it; None where there is none.

    Args:
        name: As it is imported.
    """
    if util.find_spec(name) is None:
        return None
    try:
        return metadata.version(metadata.packages_distributions().get(name, [name])[0])
    except metadata.PackageNotFoundError:
        # Debian installs OpenCV, and ROS some of its packages, without saying so to Python.
        return "version unknown"


def examine() -> Iterator[Finding]:
    """Look at Python and its packages."""
    yield Finding(TOPIC, "segmentation_node", "ok", __version__)
    yield Finding(TOPIC, "python", "ok", f"{platform.python_version()}, {sys.executable}")
    yield _images()
    yield _yaml()
    for name, (use, package) in OPTIONAL.items():
        version = version_of(name)
        if version is None:
            remedy = pip_install(package)
            yield Finding(TOPIC, name, "missing", f"not installed: no {use}", remedy)
        else:
            yield Finding(TOPIC, name, "ok", version)


def _images() -> Finding:
    done = trial.run(TRIALS, "images")
    if done.problem:
        remedy = pip_install("numpy", "opencv-python-headless") + "; with ROS keep numpy<2"
        return Finding(TOPIC, "numpy, opencv", "missing", done.problem, remedy, essential=True)
    found = f"NumPy {done.values['numpy']}, OpenCV {done.values['cv2']}"
    return Finding(TOPIC, "numpy, opencv", "ok", found, essential=True)


def _yaml() -> Finding:
    done = trial.run(TRIALS, "packages", "yaml")
    if done.problem:
        return Finding(
            TOPIC, "yaml", "missing", done.problem, pip_install("PyYAML"), essential=True
        )
    return Finding(TOPIC, "yaml", "ok", str(done.values["yaml"]), essential=True)
