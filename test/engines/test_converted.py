"""One rule for where the FP16 and INT8 files of a network lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from small_network import onnx_bytes, write_network

from segmentation_node.engines.converted import (
    CONVERTED,
    best_precision,
    default_output,
    how_to_make,
    model_of_precision,
)
from segmentation_node.errors import ModelError
from segmentation_node.model import Model, load_model
from segmentation_node.model.onnx_precision import stored_precision


@pytest.fixture(autouse=True)
def users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "users"))
    return tmp_path / "users"


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(write_network(tmp_path))


def sha256(model: Model) -> str:
    return hashlib.sha256(model.path.read_bytes()).hexdigest()


def test_the_file_of_a_precision_is_found_beside_the_model(model: Model, tmp_path: Path) -> None:
    assert model_of_precision(model, "fp16") is model
    half = write_network(tmp_path, name="small.fp16")
    found = model_of_precision(model, "fp16")
    assert (found.path, found.labels) == (half, model.labels)
    assert model_of_precision(model, "fp32") is model


def test_what_the_user_made_of_a_shipped_network_comes_before_what_is_shipped() -> None:
    shipped = load_model("camvid")
    place = default_output(shipped, "int8")
    place.parent.mkdir(parents=True)
    write_network(place.parent, onnx_bytes(quantised=True), place.stem)
    assert model_of_precision(shipped, "int8").path == place


def test_a_file_that_is_of_the_precision_itself_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write_network(tmp_path, onnx_bytes(quantised=True), "quantised")
    write_network(tmp_path, onnx_bytes(quantised=True), "quantised.int8")
    assert model_of_precision(load_model(path), "int8").path == path


def test_the_file_of_a_shipped_network_is_found_in_the_users_folder(users_folder: Path) -> None:
    shipped = load_model("rendered")
    place = default_output(shipped, "int8")
    assert place.is_relative_to(users_folder)
    assert sha256(shipped)[:16] in place.parts
    assert model_of_precision(shipped, "int8") is shipped
    place.parent.mkdir(parents=True)
    write_network(place.parent, onnx_bytes(quantised=True), place.stem)
    assert model_of_precision(shipped, "int8").path == place


def test_the_file_of_ones_own_network_is_written_beside_it(model: Model) -> None:
    assert default_output(model, "fp16") == model.path.with_name("small.fp16.onnx")


def test_a_file_made_from_an_earlier_network_is_refused_with_what_to_do(
    model: Model, tmp_path: Path
) -> None:
    write_network(tmp_path, name="small.int8", source_sha256=sha256(model))
    assert model_of_precision(model, "int8").path.name == "small.int8.onnx"
    write_network(tmp_path, onnx_bytes(quantised=True))  # the model is trained anew
    model.path.write_bytes(onnx_bytes() + b"\x2a\x00")
    with pytest.raises(ModelError, match=r"made from another small\.onnx.*quantize --model"):
        model_of_precision(model, "int8")


def test_the_network_is_hashed_once_however_often_its_hash_is_asked_for(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_network(tmp_path, name="small.fp16", source_sha256=sha256(model))
    plain, read = Path.read_bytes, list[Path]()
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or plain(path))
    assert model_of_precision(model, "fp16").path.name == "small.fp16.onnx"
    assert read.count(model.path) == 1


def test_auto_is_half_precision_where_there_is_a_file_of_it(model: Model, tmp_path: Path) -> None:
    assert best_precision(model) == "fp32"
    write_network(tmp_path, name="small.fp16")
    assert best_precision(model) == "fp16"


def test_auto_is_what_a_quantised_network_is(tmp_path: Path) -> None:
    path = write_network(tmp_path, onnx_bytes(quantised=True), "quantised")
    assert best_precision(load_model(path)) == "int8"


def test_the_command_that_makes_a_file_is_told_as_it_is_typed(model: Model) -> None:
    assert how_to_make(load_model("camvid"), "int8") == (
        "segmentation quantize --model camvid --precision int8 --images DIR"
    )
    assert how_to_make(model, "fp16").endswith("small.onnx --precision fp16")


def test_a_model_that_has_gone_is_named(model: Model) -> None:
    model.path.unlink()
    with pytest.raises(ModelError, match=r"small\.onnx"):
        model_of_precision(model, "int8")


@pytest.mark.parametrize("precision", CONVERTED)
def test_the_default_model_comes_in_every_precision(users_folder: Path, precision: str) -> None:
    shipped = load_model("camvid")
    found = model_of_precision(shipped, precision)
    assert found.path.name == f"camvid.{precision}.onnx"
    assert found.source_sha256 == sha256(shipped)
    assert (found.licence, found.notice) == (shipped.licence, shipped.notice)
    assert stored_precision(found.path) == precision


def test_a_file_that_others_could_have_put_into_the_users_folder_is_refused() -> None:
    shipped = load_model("rendered")
    place = default_output(shipped, "int8")
    place.parent.mkdir(parents=True)
    write_network(place.parent, onnx_bytes(quantised=True), place.stem)
    place.parent.chmod(0o777)
    with pytest.raises(ModelError, match="which lies in a folder that other users can write to"):
        model_of_precision(shipped, "int8")
