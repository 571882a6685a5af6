"""Compiles the kernels for the GPU at hand, and keeps what was compiled.

They are compiled on the machine that runs them: a GPU takes only what was compiled for its own
generation, and a driver need not load what a newer CUDA made.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from segmentation_node.cuda.compilers import COMPILERS, Compiler, Version, release
from segmentation_node.cuda.driver import KernelSource
from segmentation_node.cuda.kept import Kept
from segmentation_node.errors import EngineError

KERNELS = Path(__file__).with_name("kernels")

OPTIONS = (
    "-std=c++17",
    # core/ rounds after each multiplication; a fused one is more exact, and another number.
    "-fmad=false",
)

_log = logging.getLogger("segmentation_node")


def compiled(
    source: KernelSource,
    architecture: int,
    newest: Version | None = None,
    folder: Path | None = None,
    compilers: Sequence[Callable[[], Compiler]] = COMPILERS,
) -> bytes:
    """The program with a kernel: kept from an earlier run, else compiled now.

    Args:
        source: The kernel.
        architecture: Compute capability of the GPU: 86 for 8.6.
        newest: The newest CUDA release that the driver runs; any where None.
        folder: Where programs are kept; in the user's cache where None.
        compilers: The compilers, in the order of preference.

    Returns:
        A cubin, which holds the kernel in each precision.

    Raises:
        EngineError: No compiler compiles for this GPU and driver, or the kernel does not compile.
    """
    compiler = _compiler_for(architecture, newest, compilers)
    options = (*OPTIONS, f"-DPIXELS={source.layout}", f"-arch=sm_{architecture}")
    kept = Kept(folder)
    name = f"{source.program}-{source.layout}-sm_{architecture}-" + _key(
        [compiler.name, release(compiler.version), source.program, *options]
    )
    program = kept.read(name)
    if program is None:
        _log.info("compiling the kernel %s for sm_%d", source.symbol, architecture)
        path = KERNELS / f"{source.program}.cu"
        program = compiler.compile(path, (*options, f"-I{KERNELS}"))
        kept.write(name, program)
    return program


def _compiler_for(
    architecture: int, newest: Version | None, compilers: Sequence[Callable[[], Compiler]]
) -> Compiler:
    reasons = []
    for make in compilers:
        try:
            compiler = make()
        except EngineError as error:
            reasons.append(error.received)
            continue
        reason = _why_not(compiler, architecture, newest)
        if not reason:
            return compiler
        reasons.append(reason)
    raise EngineError(
        received="; ".join(reasons) or "no compiler",
        expected=f"a CUDA compiler for compute capability {architecture / 10}"
        + (f" and a driver of CUDA {release(newest)}" if newest else ""),
        fix="install the compiler of the driver's CUDA release: docs/gpu.md",
    )


def _why_not(compiler: Compiler, architecture: int, newest: Version | None) -> str:
    title = f"{compiler.name} {release(compiler.version)}"
    # Within a major release, older drivers run what newer compilers make ("CUDA Compatibility").
    if newest is not None and compiler.version[0] > newest[0]:
        return f"{title}, newer than the driver"
    if architecture not in compiler.architectures():
        return f"{title}, which does not know sm_{architecture}"
    return ""


def _key(words: Iterable[str]) -> str:
    """A name for everything that a program is made from: sources, compiler, and its options."""
    digest = hashlib.sha256()
    for path in sorted(KERNELS.iterdir()):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    digest.update("\0".join(words).encode())
    return digest.hexdigest()[:32]
