from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from fake_pycuda import FakeCuda

from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.pycuda_gpu import PyCudaGpu
from segmentation_node.cuda.staged import Staged
from segmentation_node.errors import EngineError


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    fake = FakeCuda()
    fake.install(monkeypatch)
    return fake


def names(cuda: FakeCuda) -> list[str]:
    return [call[0] for call in cuda.calls]


def test_the_primary_context_is_pushed_only_while_it_is_used(cuda: FakeCuda) -> None:
    gpu = PyCudaGpu()
    assert not cuda.contexts
    with gpu.current():
        assert len(cuda.contexts) == 1
        with pytest.raises(ZeroDivisionError), gpu.current():
            raise ZeroDivisionError
        assert len(cuda.contexts) == 1
    assert not cuda.contexts
    gpu.close()
    gpu.close()
    assert not cuda.contexts
    assert not cuda.alive
    # Popped from CUDA's stack by CUDA, and from PyCUDA's by what releases it.
    assert names(cuda)[-3:] == ["push", "cuCtxPopCurrent", "detach"]
    with pytest.raises(EngineError, match="a GPU that was closed"), gpu.current():
        pass


def test_captures_of_other_threads_are_ignored_only_while_the_context_is_used(
    cuda: FakeCuda,
) -> None:
    gpu, bindings = PyCudaGpu(), sys.modules["cuda.bindings.driver"]
    with gpu.current():
        assert bindings.capture_mode == 1
    assert bindings.capture_mode == 0
    gpu.close()


def test_copies_and_events_go_into_their_stream(cuda: FakeCuda) -> None:
    gpu = PyCudaGpu()
    with gpu.current(), Owned() as owned:
        stream = owned.keep(gpu.stream())
        staged = owned.keep(Staged(gpu, 30))
        first, last = owned.keep(gpu.event()), owned.keep(gpu.event())
        cuda.calls.clear()
        first.record(stream)
        staged.to_gpu(stream)
        staged.to_host(stream)
        last.record(stream)
        last.hold(stream)
        assert not stream.is_done
        stream.synchronize()
        assert last.ms_since(first) == 0.25
        handle, address = stream.handle, staged.address
        assert cuda.calls == [
            ("cuEventRecordWithFlags", first.handle, handle, 0),
            ("memcpy_htod_async", address, 30, handle),
            ("memcpy_dtoh_async", address, 30, handle),
            ("cuEventRecordWithFlags", last.handle, handle, 0),
            ("cuStreamWaitEvent", handle, last.handle, 0),
            ("is_done", handle),
            ("synchronize", handle),
            ("cuEventElapsedTime", first.handle, last.handle),
        ]
        assert gpu.memory_used() == 7000
    gpu.close()
    assert not cuda.alive


def test_the_stream_neither_waits_for_the_default_one_nor_holds_it_up(cuda: FakeCuda) -> None:
    gpu = PyCudaGpu()
    with gpu.current():
        gpu.stream().free()
    assert ("Stream", 1) in cuda.calls


def test_mapped_memory_is_reached_in_place_and_never_copied(cuda: FakeCuda) -> None:
    gpu = PyCudaGpu()
    with gpu.current(), Owned() as owned:
        stream = owned.keep(gpu.stream())
        staged = owned.keep(Staged(gpu, 30, mapped=True))
        staged.array[:] = np.arange(30)
        cuda.calls.clear()
        staged.to_gpu(stream)
        staged.to_host(stream)
        assert cuda.calls == []
        assert ("pinned", staged.address) in cuda.alive


@pytest.mark.parametrize(
    ("integrated", "capability", "shares"),
    [(0, (8, 9), False), (1, (8, 7), True), (1, (7, 2), True), (1, (6, 2), False)],
)
def test_main_memory_is_shared_by_integrated_gpus_that_both_sides_cache(
    cuda: FakeCuda, integrated: int, capability: tuple[int, int], shares: bool
) -> None:
    cuda.integrated, cuda.capability = integrated, capability
    gpu = PyCudaGpu()
    assert gpu.shares_memory == shares
    gpu.close()


def test_pinned_memory_is_not_reached_after_it_was_freed(cuda: FakeCuda) -> None:
    gpu = PyCudaGpu()
    with gpu.current():
        pinned = gpu.allocate_host(8)
        pinned.free()
        pinned.free()
        with pytest.raises(RuntimeError, match="after it was freed"):
            _ = pinned.array


def test_a_graph_is_captured_in_its_stream_and_launched_by_one_call(cuda: FakeCuda) -> None:
    gpu = PyCudaGpu()
    with gpu.current(), Owned() as owned:
        stream, event = owned.keep(gpu.stream()), owned.keep(gpu.event())
        cuda.calls.clear()
        # The fake checks that events are nodes of the graph while it is captured.
        graph = owned.keep(gpu.capture(stream, lambda: event.record(stream)))
        assert names(cuda) == [
            "cuStreamBeginCapture",
            "cuEventRecordWithFlags",
            "cuStreamEndCapture",
            "cuGraphInstantiate",
            "cuGraphDestroy",
        ]
        # Thread-local: what other threads call does not spoil it.
        assert cuda.calls[0][2] == 1
        assert not stream.is_capturing
        cuda.calls.clear()
        graph.launch(stream)
        assert names(cuda) == ["cuGraphLaunch"]
    gpu.close()
    assert not cuda.alive


@pytest.mark.parametrize("refuses_too", [set(), {"cuStreamEndCapture"}])
def test_a_capture_that_fails_is_ended_and_its_first_reason_told(
    cuda: FakeCuda, refuses_too: set[str]
) -> None:
    def enqueue() -> None:
        raise EngineError("a layer that synchronises", "none", "leave it out")

    gpu = PyCudaGpu()
    cuda.refuses |= refuses_too
    with gpu.current(), Owned() as owned:
        stream = owned.keep(gpu.stream())
        with pytest.raises(EngineError, match="a layer that synchronises"):
            gpu.capture(stream, enqueue)
        assert not cuda.capturing
        assert not stream.is_capturing
    gpu.close()
    assert not cuda.alive


def use_everything(gpu: PyCudaGpu) -> None:
    with gpu.current(), Owned() as owned:
        stream = owned.keep(gpu.stream())
        owned.keep(gpu.upload(np.zeros(4)))
        staged = [owned.keep(Staged(gpu, 8, mapped)) for mapped in (False, True)]
        events = [owned.keep(gpu.event()) for _ in range(2)]

        def enqueue() -> None:
            events[0].record(stream)
            staged[0].to_gpu(stream)
            staged[0].to_host(stream)
            events[1].record(stream)

        enqueue()
        owned.keep(gpu.capture(stream, enqueue)).launch(stream)
        assert not stream.is_done
        stream.synchronize()
        events[1].ms_since(events[0])


def run_all() -> None:
    gpu = PyCudaGpu()
    try:
        use_everything(gpu)
    finally:
        gpu.close()


def test_whichever_call_fails_everything_is_freed_and_the_error_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = 0
    for number in range(1, 200):
        cuda = FakeCuda()
        cuda.install(monkeypatch)
        cuda.fails_at = number
        try:
            run_all()
        except EngineError as error:
            refused += 1
            assert "an illegal memory access" in str(error) or "ILLEGAL_ADDRESS" in str(error)
            assert " while " in error.received
        else:
            break
        # A context whose own push, pop or release fails cannot be given back.
        left = {kind for kind, _ in cuda.alive}
        entering = {"push", "pop", "cuThreadExchangeStreamCaptureMode"}
        assert left <= {"context"} or refused_call(cuda, number) in entering, number
    assert refused > 40
    assert not cuda.alive


def refused_call(cuda: FakeCuda, number: int) -> str:
    plain = FakeCuda()
    with pytest.MonkeyPatch.context() as patch:
        plain.install(patch)
        run_all()
    return str(plain.calls[number - 1][0])


@pytest.mark.parametrize(
    ("missing", "package"),
    [("pycuda.driver", "pycuda"), ("cuda.bindings.driver", "cuda-bindings")],
)
def test_what_is_missing_is_named_with_what_to_install(
    cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch, missing: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(EngineError, match=f"fix: pip install {package}"):
        PyCudaGpu()


def test_a_missing_driver_library_is_one_sentence(
    cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise RuntimeError("libcuda.so.1 cannot be found")

    gpu = PyCudaGpu()
    monkeypatch.setattr(sys.modules["cuda.bindings.driver"], "cuEventCreate", missing)
    with gpu.current(), pytest.raises(EngineError, match=r"no driver API \(libcuda"):
        gpu.event()


def test_too_little_memory_is_told_apart(cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(size: int) -> None:
        raise sys.modules["pycuda.driver"].Error("cuMemAlloc failed: out of memory")

    monkeypatch.setattr(sys.modules["pycuda.driver"], "mem_alloc", refuse)
    gpu = PyCudaGpu()
    allocate: Callable[[int], object] = gpu.allocate
    with gpu.current(), pytest.raises(EngineError, match=r"enough free memory .* smaller network"):
        allocate(1 << 40)
