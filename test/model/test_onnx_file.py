from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.errors import ModelError
from segmentation_node.model import onnx_file
from segmentation_node.model.onnx_file import check_onnx_file

GRAPH = b"\x12\x01g" * 100
# ir_version 8; producer_name "test"; graph; opset_import.
WHOLE = b"\x08\x08" + b"\x12\x04test" + b"\x3a\xac\x02" + GRAPH + b"\x42\x02\x10\x11"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("onnx") / "a.onnx"


def test_a_whole_model_passes(path: Path) -> None:
    path.write_bytes(WHOLE)
    check_onnx_file(path)


def test_models_from_the_onnx_package_pass(path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(name, kind, [1, 3, "h", "w"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, doc_string="of a test")
    onnx.helper.set_model_props(model, {"key": "value"})
    onnx.save(model, path)
    check_onnx_file(path)


@given(st.integers(3, len(WHOLE) - 5))
def test_models_cut_anywhere_before_the_graphs_end_are_refused(path: Path, keep: int) -> None:
    path.write_bytes(WHOLE[:keep])
    with pytest.raises(ModelError):
        check_onnx_file(path)


@given(st.binary(min_size=1, max_size=300))
def test_bytes_that_are_no_model_are_refused(path: Path, noise: bytes) -> None:
    path.write_bytes(noise)
    with pytest.raises(ModelError):
        check_onnx_file(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (b"PK\x03\x04" + bytes(60), "foreign file"),
        (b"\x89HDF\r\n\x1a\n", "foreign file"),
        (b"<!DOCTYPE html><html>404</html>", "foreign file"),
        (b"\x08\x08\x12\x04test", "no graph"),
        (b"\x08\x08\x3a\xff\xff\xff\x7fxx", "cut short"),
        (b"\x08\x08\x3a" + b"\xff" * 9 + b"\x01xx", "cut short"),
        (b"\x08\x08\x0d\x00\x00\x00\x00", "damaged"),
        (b"\x08" + b"\xff" * 20, "damaged"),
        (b"\x08\x08\x12", "cut short"),
    ],
)
def test_each_kind_of_bad_file_is_named(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ModelError, match=said) as error:
        check_onnx_file(path)
    assert str(path) in str(error.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        check_onnx_file(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="a folder"):
        check_onnx_file(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="unreadable"):
        check_onnx_file(tmp_path / "file" / "a.onnx")


def test_files_beyond_protobufs_limit_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(WHOLE)
    monkeypatch.setattr(onnx_file, "LARGEST_MODEL_BYTES", len(WHOLE) - 1)
    with pytest.raises(ModelError, match="external data"):
        check_onnx_file(path)
