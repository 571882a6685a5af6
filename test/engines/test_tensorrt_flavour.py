from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from segmentation_node.engines import tensorrt_flavour as flavours
from segmentation_node.engines.tensorrt_flavour import FLAVOURS, found_flavours, load_tensorrt
from segmentation_node.errors import EngineError


@pytest.fixture(autouse=True)
def afresh() -> None:
    flavours._load.cache_clear()
    yield
    flavours._load.cache_clear()


def install(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Put modules of these versions in the place of what is installed; None for none."""
    for flavour in FLAVOURS.values():
        version = versions.get(flavour.name)
        module = version and SimpleNamespace(__version__=version)
        monkeypatch.setitem(sys.modules, flavour.module, module)


def test_auto_takes_tensorrt_before_rtx(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tensorrt="10.3.0", rtx="1.7.1")
    assert str(load_tensorrt()) == "TensorRT 10.3.0"
    assert not load_tensorrt().is_rtx
    assert found_flavours() == {"tensorrt": "10.3.0", "rtx": "1.7.1"}


def test_auto_takes_rtx_where_it_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, rtx="1.7.1")
    assert load_tensorrt().is_rtx


def test_without_any_the_error_says_how_to_get_both(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    with pytest.raises(
        EngineError, match=r"tensorrt pycuda .*--system-site-packages.*tensorrt-rtx"
    ):
        load_tensorrt()
    assert found_flavours() == {}


def test_one_that_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tensorrt="10.3.0")
    with pytest.raises(EngineError, match=r"no TensorRT for RTX.*pip install tensorrt-rtx"):
        load_tensorrt("rtx")


def test_one_that_is_there_and_does_not_load_says_why(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorrt.py").write_text("raise ImportError('libnvinfer.so.10: cannot open')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    with pytest.raises(EngineError, match=r"libnvinfer\.so\.10: cannot open"):
        load_tensorrt("tensorrt")


def test_releases_without_strongly_typed_networks_are_too_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, tensorrt="8.6.1")
    with pytest.raises(EngineError, match=r"TensorRT 8\.6\.1; expected 10\.0 or newer"):
        load_tensorrt("tensorrt")


def test_an_unknown_flavour_names_those_that_there_are() -> None:
    with pytest.raises(EngineError, match="auto, tensorrt, rtx"):
        load_tensorrt("trt")


@pytest.mark.parametrize(("number", "flag"), [(1, 2), (0, 1)], ids=["10", "11 and RTX"])
def test_the_strongly_typed_flag_is_the_releases_own(
    number: int, flag: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tensorrt="10.3.0")
    found = load_tensorrt("tensorrt")
    found.api.NetworkDefinitionCreationFlag = SimpleNamespace(STRONGLY_TYPED=number)
    assert found.strongly_typed == flag


def test_targets_are_those_that_the_library_names(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tensorrt="10.3.0", rtx="1.7.1")
    names = dict.fromkeys(("SM120", "SM86", "CURRENT", "NONE"))
    load_tensorrt("rtx").api.ComputeCapability = SimpleNamespace(__members__=names)
    assert load_tensorrt("rtx").targets == ("SM86", "SM120")
    assert load_tensorrt("tensorrt").targets == ()
