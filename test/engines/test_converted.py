"""One rule for where the FP16 and INT8 files of a network lie."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_network import calibrated_by_day, field, onnx_bytes, sidecar, write_network

from segmentation_node.engines.cache import model_sha256
from segmentation_node.engines.converted import (
    CONVERTED,
    best_precision,
    default_output,
    how_to_make,
    model_of_precision,
)
from segmentation_node.errors import ModelError
from segmentation_node.model import Model, load_model
from segmentation_node.model.onnx_graph import stored_precision


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


def quantise_for_the_user(shipped: Model, **changed: str) -> Path:
    """Put a network that passes for a quantised one where `segmentation quantize` writes it."""
    place = default_output(shipped, "int8")
    place.parent.mkdir(parents=True)
    place.write_bytes(onnx_bytes(quantised=True))
    content = yaml.safe_load(shipped.path.with_suffix(".yaml").read_text())
    content |= {"source_sha256": sha256(shipped), **changed}
    place.with_suffix(".yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return place


def test_what_the_user_made_of_a_shipped_network_comes_before_what_is_shipped() -> None:
    shipped = load_model("camvid")
    place = quantise_for_the_user(shipped)
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
    assert quantise_for_the_user(shipped) == place
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


def test_a_file_made_from_earlier_weights_beside_the_network_is_refused(tmp_path: Path) -> None:
    # As onnx.proto3 writes it where a tensor's values lie.
    place = field(1, "location") + field(2, "small.data")
    weights = tmp_path / "small.data"
    weights.write_bytes(b"as they were")
    model = load_model(write_network(tmp_path, onnx_bytes() + field(14, place)))
    write_network(tmp_path, name="small.int8", source_sha256=model_sha256(model.path))
    assert model_of_precision(model, "int8").path.name == "small.int8.onnx"
    weights.write_bytes(b"trained anew")
    with pytest.raises(ModelError, match=r"made from another small\.onnx"):
        model_of_precision(model, "int8")


def test_what_is_corrected_in_the_sidecar_holds_in_every_precision(
    model: Model, tmp_path: Path
) -> None:
    measured = calibrated_by_day()
    twin = write_network(
        tmp_path, name="small.int8", source_sha256=sha256(model), calibration=measured
    )
    labels = sidecar()["labels"]
    labels["classes"][0] |= {"id": 99, "name": "road", "color": [1, 2, 3]}
    corrected = {"labels": labels, "licence": "MIT", "notice": "Not for night."}
    path = write_network(tmp_path, output={"stride": 8, "temperature": 1.7}, **corrected)
    model = load_model(path)
    found = model_of_precision(model, "int8")
    assert (found.temperature, found.labels) == (1.7, model.labels)
    assert (found.licence, found.notice) == ("MIT", "Not for night.")
    assert found.path == twin
    assert found.calibration is not None
    assert found.calibration == load_model(twin).calibration


@pytest.mark.parametrize(
    "change", [{"mean": [1.0, 2.0, 3.0]}, {"fit": "crop"}, {"output": {"stride": 16}}]
)
def test_a_file_made_for_another_input_is_refused_with_what_to_do(
    model: Model, tmp_path: Path, change: dict[str, Any]
) -> None:
    write_network(tmp_path, name="small.int8", source_sha256=sha256(model))
    corrected = load_model(write_network(tmp_path, **change))
    with pytest.raises(ModelError, match=r"another input or stride than small\.yaml.*quantize"):
        model_of_precision(corrected, "int8")


def test_a_file_that_does_not_say_what_it_was_made_from_is_used_as_its_sidecar_says(
    model: Model, tmp_path: Path
) -> None:
    write_network(tmp_path, name="small.fp16", output={"stride": 8, "temperature": 2.5}, fit="crop")
    assert model_of_precision(model, "fp16").temperature == 2.5


def test_a_file_in_the_users_folder_must_say_what_it_was_made_from() -> None:
    shipped = load_model("rendered")
    quantise_for_the_user(shipped, source_sha256="")
    with pytest.raises(ModelError, match="made from nothing that its sidecar names"):
        model_of_precision(shipped, "int8")


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
    quantise_for_the_user(shipped).parent.chmod(0o777)
    with pytest.raises(ModelError, match="which lies in a folder that other users can write to"):
        model_of_precision(shipped, "int8")


def test_a_sidecar_that_others_can_write_to_is_refused() -> None:
    shipped = load_model("rendered")
    quantise_for_the_user(shipped).with_suffix(".yaml").chmod(0o666)
    with pytest.raises(ModelError, match=r"\.yaml, which other users can write to"):
        model_of_precision(shipped, "int8")
