from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_pycuda import FakeCuda

from segmentation_node.core.geometry import NetworkSize, fit
from segmentation_node.core.labels import CAMVID_11
from segmentation_node.cuda import pycuda_driver
from segmentation_node.cuda.camera_image import CameraImage
from segmentation_node.cuda.driver import BLOCK, KernelSource
from segmentation_node.cuda.postprocess import ARGUMENTS, Postprocess, Results
from segmentation_node.cuda.pycuda_driver import PyCudaDriver
from segmentation_node.errors import EngineError

SOURCE = KernelSource("postprocess", "Packed3", "fp16")
FITTED = fit("stretch", 20, 300, NetworkSize(32, 32))
TABLES = [20 * 16, 300 * 16, 11, 768]


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    fake = FakeCuda()
    fake.install(monkeypatch)

    def compiled(source: KernelSource, *which: object) -> bytes:
        return repr((source.program, source.layout, *which)).encode()

    monkeypatch.setattr(pycuda_driver, "compiled", compiled)
    return fake


def test_everything_is_loaded_and_copied_once_and_each_frame_is_one_launch(cuda: FakeCuda) -> None:
    image = CameraImage("bgr8", 20, 300, 900)
    palette = CAMVID_11.palette()
    launcher = Postprocess(
        PyCudaDriver(), FITTED, (11, 4, 4), CAMVID_11, palette, "fp16", image=image
    )
    waits = [("record", "record"), ("wait for the copy", "wait for the copy")]
    copies = [
        call for size in TABLES for call in (("mem_alloc", size), ("memcpy_htod", size), *waits)
    ]
    assert [(call[0], call[-1]) for call in cuda.calls[1:]] == [
        ("module_from_buffer",) * 2,
        ("get_function", SOURCE.symbol),
        *copies,
    ]
    addresses = [call[1] for call in cuda.calls if call[0] == "memcpy_htod"]
    cuda.calls.clear()
    for stream in ("first", "second"):
        native = SimpleNamespace(native=stream)
        launcher(77, Results(1, 2, 3, 4), native, image=88, alpha=0.25)
    for stream, call in zip(("first", "second"), cuda.calls, strict=True):
        assert call[:-1] == ("launch", SOURCE.symbol, (3, 3), BLOCK, stream)
        sent = np.frombuffer(call[-1], ARGUMENTS)[0]
        assert [sent[name] for name in ("rows", "columns", "ids", "palette")] == addresses
        assert (sent["logits"], sent["image"]["data"], sent["alpha"]) == (77, 88, 0.25)
        assert [sent[n] for n in ("labels", "color", "overlay", "confidence")] == [1, 2, 3, 4]
    cuda.calls.clear()
    launcher.free()
    launcher.free()
    assert sorted(cuda.calls) == sorted(("free", address) for address in addresses)
    assert not cuda.alive


def test_a_program_is_compiled_for_the_gpu_and_driver_and_loaded_once(
    cuda: FakeCuda, tmp_path: Path
) -> None:
    driver = PyCudaDriver(tmp_path)
    driver.kernel(SOURCE)
    driver.kernel(KernelSource("postprocess", "Packed3", "fp32"))
    expected = ("postprocess", "Packed3", 87, (12, 6), tmp_path)
    assert cuda.programs == [repr(expected).encode()]


@pytest.mark.parametrize(
    ("call", "task"),
    [
        ("module_from_buffer", "loading postprocess.cu"),
        ("get_function", "loading the kernel postprocess_Packed3_fp16"),
        ("mem_alloc", "allocating 320 bytes on the GPU"),
        ("memcpy_htod", "copying 320 bytes to the GPU"),
        ("wait for the copy", "copying 320 bytes to the GPU"),
        ("launch", "launching the kernel postprocess_Packed3_fp16"),
        ("get_device", "looking for the GPU"),
    ],
)
def test_what_cuda_refuses_is_one_sentence(cuda: FakeCuda, call: str, task: str) -> None:
    cuda.refuses.add(call)
    with pytest.raises(EngineError) as caught:
        Postprocess(PyCudaDriver(), FITTED, (11, 4, 4), CAMVID_11, CAMVID_11.palette(), "fp16")(
            1, Results(1), SimpleNamespace(native=None)
        )
    assert str(caught.value).startswith(f"received {call} failed: an illegal memory access")
    assert f"while {task}; expected" in str(caught.value)


def test_without_pycuda_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycuda", None)
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)
    with pytest.raises(EngineError, match=r"no PyCUDA .* pip install pycuda"):
        PyCudaDriver()
