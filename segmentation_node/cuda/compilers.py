"""The compilers of CUDA kernels: NVRTC, a library, and nvcc, a program. Neither needs a GPU."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from segmentation_node.errors import EngineError
from segmentation_node.installing import pip_install

Version = tuple[int, int]


class Compiler(Protocol):
    """Compiles a kernel for one generation of GPUs."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> Version:
        """The CUDA release that it belongs to."""

    def architectures(self) -> frozenset[int]:
        """The compute capabilities that it compiles for: 86 for 8.6."""

    def compile(self, source: Path, options: tuple[str, ...]) -> bytes:
        """Compile a file to a cubin.

        Args:
            source: A .cu file.
            options: Options that both compilers understand.

        Raises:
            EngineError: The file does not compile.
        """


class Nvrtc:
    """NVRTC, by cuda-bindings, which finds it in its wheel or in a CUDA toolkit.

    Source: NVRTC documentation, "User Interface" and "Supported Compile Options".

    Raises:
        EngineError: cuda-bindings or the library is missing.
    """

    name = "NVRTC"

    def __init__(self) -> None:
        try:
            self._nvrtc: Any = importlib.import_module("cuda.bindings.nvrtc")
            # The bindings look for the library when it is first called.
            major, minor = self._ask(self._nvrtc.nvrtcVersion())
        except (ImportError, RuntimeError, OSError) as error:
            raise _missing("NVRTC", _line(error)) from error
        self.version: Version = (major, minor)

    def architectures(self) -> frozenset[int]:
        """The compute capabilities that it compiles for: 86 for 8.6."""
        names = self._ask(self._nvrtc.nvrtcGetSupportedArchs())
        return frozenset(names)

    def compile(self, source: Path, options: tuple[str, ...]) -> bytes:
        """Compile a file to a cubin.

        Args:
            source: A .cu file.
            options: Options that both compilers understand.

        Raises:
            EngineError: The file does not compile.
        """
        with self._compiled(source, options) as program:
            cubin = bytes(self._ask(self._nvrtc.nvrtcGetCUBINSize(program)))
            self._ask(self._nvrtc.nvrtcGetCUBIN(program, cubin))
            return cubin

    def log_of(self, source: Path, options: tuple[str, ...]) -> str:
        """Compile a file and give what the compiler says of it.

        Args:
            source: A .cu file.
            options: NVRTC's options.

        Raises:
            EngineError: The file does not compile.
        """
        with self._compiled(source, options) as program:
            return self._log(program)

    @contextmanager
    def _compiled(self, source: Path, options: tuple[str, ...]) -> Iterator[Any]:
        nvrtc, name = self._nvrtc, source.name.encode()
        program = self._ask(nvrtc.nvrtcCreateProgram(source.read_bytes(), name, 0, [], []))
        try:
            encoded = [option.encode() for option in options]
            (status,) = nvrtc.nvrtcCompileProgram(program, len(encoded), encoded)
            if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
                raise _refused(self, source, self._log(program) or status.name)
            yield program
        finally:
            nvrtc.nvrtcDestroyProgram(program)

    def _log(self, program: Any) -> str:
        log = bytes(self._ask(self._nvrtc.nvrtcGetProgramLogSize(program)))
        self._ask(self._nvrtc.nvrtcGetProgramLog(program, log))
        return log.decode(errors="replace").replace("\0", "")

    def _ask(self, answer: tuple[Any, ...]) -> Any:
        """Take the values out of one of NVRTC's answers: (status, value...)."""
        status, *values = answer
        if status != self._nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise EngineError(
                received=f"{status.name} from NVRTC",
                expected="an answer",
                fix="reinstall cuda-bindings and NVRTC of one CUDA release: docs/gpu.md",
            )
        return values[0] if len(values) == 1 else values


class Nvcc:
    """nvcc of a CUDA toolkit: that of CUDA_HOME, or the first on the path.

    Raises:
        EngineError: There is none, or it does not start.
    """

    name = "nvcc"

    def __init__(self) -> None:
        home = os.environ.get("CUDA_HOME", "")
        # Jetson's toolkit is not on the path of a fresh shell.
        places = os.pathsep.join([f"{home}/bin", os.environ.get("PATH", ""), "/usr/local/cuda/bin"])
        program = shutil.which("nvcc", path=places)
        if program is None:
            raise _missing("nvcc", "it is neither under CUDA_HOME nor on the path")
        self._program = program
        said = self._run("--version").stdout
        found = re.search(r"release (\d+)\.(\d+)", said)
        if found is None:
            raise _missing("nvcc", f"{program} does not say its release: {_line(said)}")
        self.version: Version = (int(found[1]), int(found[2]))

    def architectures(self) -> frozenset[int]:
        """The compute capabilities that it compiles for: 86 for 8.6."""
        listed = self._run("--list-gpu-code").stdout
        return frozenset(int(number) for number in re.findall(r"(?m)^sm_(\d+)$", listed))

    def compile(self, source: Path, options: tuple[str, ...]) -> bytes:
        """Compile a file to a cubin.

        Args:
            source: A .cu file.
            options: Options that both compilers understand.

        Raises:
            EngineError: The file does not compile.
        """
        with tempfile.TemporaryDirectory(prefix="segmentation_node-") as folder:
            cubin = Path(folder, "kernel.cubin")
            done = self._run("-cubin", *options, "-o", str(cubin), str(source))
            if done.returncode or not cubin.is_file():
                raise _refused(self, source, done.stderr or done.stdout)
            return cubin.read_bytes()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self._program, *arguments], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise _missing("nvcc", _line(error)) from error


COMPILERS: tuple[type[Nvrtc] | type[Nvcc], ...] = (Nvrtc, Nvcc)
"""The library first: it takes a fraction of the time, and no C++ compiler."""


def release(version: Version) -> str:
    """A version as CUDA writes it, such as `13.0`."""
    return ".".join(map(str, version))


def _missing(name: str, reason: str) -> EngineError:
    return EngineError(
        received=f"no {name} ({reason})",
        expected="a compiler of CUDA kernels",
        fix=f"{pip_install('cuda-bindings', 'nvidia-cuda-nvrtc')}, or install a CUDA toolkit: "
        "docs/gpu.md",
    )


def _refused(compiler: Compiler, source: Path, log: str) -> EngineError:
    return EngineError(
        received=f"{source.name}, which {compiler.name} {release(compiler.version)} does not "
        f"compile: {_line(log)}",
        expected="a kernel without errors",
        fix="correct the file, or reinstall segmentation_node if it was not changed",
    )


def _line(text: object) -> str:
    """Put a compiler's log into one line, as every error of the package stands in one."""
    return " ".join(str(text).split())
