"""Runs every test that needs a GPU, plainly and under compute-sanitizer: `make gpu-test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu.check import check_gpu
from segmentation_node.errors import SegmentationError

ROOT = Path(__file__).resolve().parents[2]

KERNELS, PIPELINE = "test/cuda/test_gpu.py", "test/pipeline/test_gpu.py"

_LONG = "not ten_thousand and not tensorrt"
"""What would take hours under a sanitizer, or is not ours to check."""

# Figures are shown, and no test is ended for taking long: a sanitizer slows them a hundredfold.
_PYTEST = ("-m", "pytest", "-m", "gpu", "-s", "-p", "no:cacheprovider", "-o", "timeout=0")


def find_sanitizer() -> str | None:
    """The program compute-sanitizer: on the path, or in a CUDA toolkit."""
    toolkits = (os.environ.get("CUDA_HOME"), "/usr/local/cuda")
    folders = [str(Path(toolkit) / "bin") for toolkit in toolkits if toolkit]
    return shutil.which("compute-sanitizer") or shutil.which(
        "compute-sanitizer", path=os.pathsep.join(folders)
    )


def commands(python: str, sanitizer: str | None) -> dict[str, list[str]]:
    """What is run, by what it is called.

    Args:
        python: The interpreter.
        sanitizer: Path of compute-sanitizer; None where there is none.
    """
    tests = [python, *_PYTEST]
    made = {"tests": [*tests, KERNELS, PIPELINE]}
    if sanitizer is not None:
        watch = [sanitizer, "--error-exitcode", "9", "--tool"]
        # Libraries ask the driver for what it may not have: cuda-bindings for newer functions,
        # PyTorch for features. Our own calls are checked one by one.
        memory = [*watch, "memcheck", "--report-api-errors", "no"]
        made["memcheck"] = [*memory, *tests, "-k", _LONG, KERNELS, PIPELINE]
        # Of the kernels alone: PyTorch's own use shared memory, and are not ours to check.
        made["racecheck"] = [*watch, "racecheck", *tests, KERNELS]
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; without a GPU say in one sentence what is missing.

    Args:
        arguments: None are taken.
    """
    try:
        check_gpu("pytest", "torch", "onnx")
    except SegmentationError as error:
        print(error, file=sys.stderr)
        return 2
    sanitizer = find_sanitizer()
    if not (ROOT / KERNELS).is_file():
        print(
            "received an installed package; expected a checkout; fix: run it in one",
            file=sys.stderr,
        )
        return 2
    outcome = {name: _run(name, line) for name, line in commands(sys.executable, sanitizer).items()}
    print("\n".join(f"{name}: {'passed' if ok else 'FAILED'}" for name, ok in outcome.items()))
    if sanitizer is None:
        print("memcheck and racecheck: not run, compute-sanitizer was not found")
    return 0 if all(outcome.values()) else 1


def _run(name: str, command: Sequence[str]) -> bool:
    print(f"== {name}: {' '.join(command)}", flush=True)
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
