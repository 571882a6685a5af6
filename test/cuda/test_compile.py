from __future__ import annotations

import logging
from pathlib import Path

import pytest

from segmentation_node.cuda import compile as compile_module
from segmentation_node.cuda.camera_image import LAYOUTS
from segmentation_node.cuda.compile import KERNELS, OPTIONS, compiled
from segmentation_node.cuda.compilers import Compiler, Nvcc, Nvrtc, Version
from segmentation_node.cuda.driver import PRECISIONS, KernelSource
from segmentation_node.cuda.kept import Kept
from segmentation_node.errors import EngineError

ARCHITECTURES = (75, 80, 86, 87, 89, 90, 110, 120)
SOURCE = KernelSource("preprocess", "Packed3", "fp32")
CUBIN = b"\x7fELF of a cubin"


def nvrtc() -> Nvrtc:
    try:
        return Nvrtc()
    except EngineError:
        pytest.skip("NVRTC is not installed")


def nvcc() -> Nvcc:
    try:
        return Nvcc()
    except EngineError:
        pytest.skip("nvcc is not installed")


class FakeCompiler:
    """Counts what it compiles."""

    name = "fake"

    def __init__(self, version: Version = (12, 6), known: tuple[int, ...] = (86, 87)) -> None:
        self.version = version
        self._known = frozenset(known)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self) -> Compiler:
        return self

    def architectures(self) -> frozenset[int]:
        return self._known

    def compile(self, source: Path, options: tuple[str, ...]) -> bytes:
        self.asked.append((source.name, options))
        return CUBIN


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("program", ["preprocess", "postprocess"])
def test_nvrtc_compiles_for_every_generation(
    program: str, architecture: int, tmp_path: Path
) -> None:
    compiler = nvrtc()
    if architecture not in compiler.architectures():
        pytest.skip("the installed NVRTC does not know this generation of GPUs")
    source = KernelSource(program, "Packed3", "fp32")
    cubin = compiled(source, architecture, folder=tmp_path, compilers=[lambda: compiler])
    assert cubin.startswith(b"\x7fELF")
    for precision in PRECISIONS:
        assert KernelSource(program, "Packed3", precision).symbol.encode() in cubin


@pytest.mark.parametrize("layout", sorted({"Planes", *(name for name, _ in LAYOUTS.values())}))
def test_every_layout_compiles_and_stays_in_registers(layout: str) -> None:
    compiler = nvrtc()
    for program in ("preprocess", "postprocess"):
        options = (*OPTIONS, f"-DPIXELS={layout}", "-arch=sm_86", f"-I{KERNELS}")
        log = compiler.log_of(KERNELS / f"{program}.cu", (*options, "--ptxas-options=-v"))
        frames = [line for line in log.splitlines() if "stack frame" in line]
        assert len(frames) == len(PRECISIONS)
        assert all(" 0 bytes stack frame, 0 bytes spill stores" in line for line in frames), log


def test_nvcc_compiles_the_same_source(tmp_path: Path) -> None:
    compiler = nvcc()
    cubin = compiled(SOURCE, max(compiler.architectures()), None, tmp_path, [lambda: compiler])
    assert SOURCE.symbol.encode() in cubin


@pytest.mark.parametrize("make", [nvrtc, nvcc])
def test_what_does_not_compile_is_one_sentence_with_the_compilers_log(
    make: type[Compiler], tmp_path: Path
) -> None:
    compiler, source = make(), tmp_path / "broken.cu"
    source.write_text("__global__ void broken() { int x = missing; }\n")
    with pytest.raises(EngineError) as caught:
        compiler.compile(source, ("-arch=sm_86",))
    message = str(caught.value)
    assert message.startswith(f"received broken.cu, which {compiler.name} ")
    assert 'identifier "missing" is undefined' in message
    assert "\n" not in message


def test_a_program_is_compiled_once(tmp_path: Path) -> None:
    compiler = FakeCompiler()
    for _ in range(2):
        assert compiled(SOURCE, 86, folder=tmp_path, compilers=[compiler]) == CUBIN
    ((name, options),) = compiler.asked
    assert name == "preprocess.cu"
    assert {"-DPIXELS=Packed3", "-arch=sm_86", "-fmad=false", f"-I{KERNELS}"} <= set(options)


def test_both_precisions_share_a_program(tmp_path: Path) -> None:
    compiler = FakeCompiler()
    for precision in PRECISIONS:
        source = KernelSource("preprocess", "Packed3", precision)
        compiled(source, 86, folder=tmp_path, compilers=[compiler])
    assert len(compiler.asked) == 1


@pytest.mark.parametrize("change", ["architecture", "version", "layout", "sources"])
def test_a_change_of_anything_that_matters_compiles_again(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = FakeCompiler(), FakeCompiler((12, 8) if change == "version" else (12, 6))
    compiled(SOURCE, 86, folder=tmp_path / "kept", compilers=[first])
    source = KernelSource("preprocess", "Mono8", "fp32") if change == "layout" else SOURCE
    if change == "sources":
        changed = tmp_path / "kernels"
        changed.mkdir()
        for path in KERNELS.iterdir():
            (changed / path.name).write_text(path.read_text() + "// changed\n")
        monkeypatch.setattr(compile_module, "KERNELS", changed)
    architecture = 87 if change == "architecture" else 86
    compiled(source, architecture, folder=tmp_path / "kept", compilers=[second])
    assert len(second.asked) == 1


def test_a_damaged_program_is_compiled_again(tmp_path: Path) -> None:
    compiler = FakeCompiler()
    compiled(SOURCE, 86, folder=tmp_path, compilers=[compiler])
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"")
    assert compiled(SOURCE, 86, folder=tmp_path, compilers=[compiler]) == CUBIN
    assert file.read_bytes() == CUBIN


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    compiled(SOURCE, 86, folder=folder, compilers=[FakeCompiler()])
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_anyone_can_write_to_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler, folder = FakeCompiler(), tmp_path / "open"
    compiled(SOURCE, 86, folder=folder, compilers=[compiler])
    folder.chmod(0o777)
    with caplog.at_level(logging.WARNING):
        compiled(SOURCE, 86, folder=folder, compilers=[compiler])
    assert len(compiler.asked) == 2
    assert "which other users can write to" in caplog.text


def test_a_place_that_cannot_be_written_to_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        made = compiled(SOURCE, 86, folder=tmp_path / "file" / "sub", compilers=[FakeCompiler()])
    assert made == CUBIN
    assert "the compiled kernel is not kept" in caplog.text


def test_programs_lie_where_the_environment_says_or_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEGMENTATION_KERNEL_CACHE", str(tmp_path / "named"))
    assert Kept().folder == tmp_path / "named"
    monkeypatch.delenv("SEGMENTATION_KERNEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Kept().folder == tmp_path / "segmentation_node" / "kernels"


def test_a_compiler_newer_than_the_driver_is_passed_over(tmp_path: Path) -> None:
    new, old = FakeCompiler((13, 0)), FakeCompiler((12, 9))
    compiled(SOURCE, 86, (12, 6), tmp_path, [new, old])
    assert (len(new.asked), len(old.asked)) == (0, 1)


def test_why_no_compiler_fits_is_one_sentence(tmp_path: Path) -> None:
    def missing() -> Compiler:
        raise EngineError("no NVRTC (it is gone)", "one", "get one")

    makers = [missing, FakeCompiler((13, 0)), FakeCompiler((12, 6), (75,))]
    with pytest.raises(EngineError) as caught:
        compiled(SOURCE, 86, (12, 6), tmp_path, makers)
    assert str(caught.value) == (
        "received no NVRTC (it is gone); fake 13.0, newer than the driver; fake 12.6, which does "
        "not know sm_86; expected a CUDA compiler for compute capability 8.6 and a driver of CUDA "
        "12.6; fix: install the compiler of the driver's CUDA release: docs/gpu.md"
    )


def test_without_nvcc_the_error_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(EngineError, match=r"no nvcc .*neither under CUDA_HOME nor on the path"):
        Nvcc()


def test_an_nvcc_that_does_not_say_its_release_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "nvcc"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho broken\n")
    program.chmod(0o755)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match="does not say its release: broken"):
        Nvcc()
