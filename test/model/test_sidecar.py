from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from segmentation_node.core.geometry import FitMode, NetworkSize
from segmentation_node.core.labels import CAMVID_11, CITYSCAPES_35
from segmentation_node.errors import ModelError
from segmentation_node.model import load_model, shipped_models, sidecar


def test_a_sidecar_is_read_into_a_model(make_model: Any) -> None:
    path = make_model({"notice": "Not for the road.", "training": {"epochs": 3}})
    model = load_model(path)
    assert (model.path, model.name, model.stride) == (path, "little", 8)
    assert model.labels is CAMVID_11
    assert model.input.fit is FitMode.LETTERBOX
    assert model.input.mean == (127.0, 127.0, 127.0)
    assert (model.input.height, model.input.width) == (None, None)
    assert model.input.pad_bgr == (30, 20, 10)
    assert model.default_size == NetworkSize(256, 512)
    assert model.sizes == (model.default_size,)
    assert model.notice == "Not for the road."
    assert model.training == {"epochs": 3}
    assert (model.licence, model.calibration) == ("", None)
    assert model.temperature == 1.0


def test_a_temperature_is_read_where_there_is_one(make_model: Any) -> None:
    assert load_model(make_model({"output": {"stride": 8, "temperature": 2}})).temperature == 2.0


def test_paths_are_taken_as_text_or_path(make_model: Any) -> None:
    path = make_model()
    assert load_model(str(path)) == load_model(path)


def test_labels_come_by_name_by_mapping_or_from_a_file_beside(make_model: Any) -> None:
    mapping = CITYSCAPES_35.to_mapping()
    assert load_model(make_model({"labels": mapping})).labels == CITYSCAPES_35
    path = make_model({"labels": "own.yaml"})
    path.with_name("own.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    assert load_model(path).labels == CITYSCAPES_35


def test_every_listed_size_is_kept(make_model: Any) -> None:
    model = load_model(make_model({"sizes": [[512, 1024], [256, 512]]}))
    assert model.sizes == (NetworkSize(512, 1024), NetworkSize(256, 512))


@pytest.mark.parametrize(
    "key",
    [
        "format",
        "name",
        "input",
        "output",
        "default_size",
        "labels",
        "output.stride",
        *(
            f"input.{key}"
            for key in ("height", "width", "multiple", "mean", "std", "order", "fit", "pad")
        ),
    ],
)
def test_each_missing_key_is_named_with_its_path(make_model: Any, key: str) -> None:
    with pytest.raises(ModelError, match=rf"little\.yaml: {re.escape(key)}\b"):
        load_model(make_model(without=key))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("format", "1"),
        ("name", 5),
        ("input", [1]),
        ("input.height", 0),
        ("input.height", "512"),
        ("input.width", 1e3),
        ("input.multiple", 0),
        ("input.multiple", 12),
        ("input.mean", [1, 2]),
        ("input.mean", "127"),
        ("input.mean", [1, 2, None]),
        ("input.std", [1, 0, 1]),
        ("input.std", [1, 1, float("nan")]),
        ("input.order", "gbr"),
        ("input.fit", "squeeze"),
        ("input.pad", [1, 2, 300]),
        ("input.pad", [1.5, 2, 3]),
        ("input.scale", 255),
        ("output", None),
        ("output.stride", 0),
        ("output.stride", "8"),
        ("output.size", 1),
        ("output.temperature", 0),
        ("output.temperature", "warm"),
        ("output.temperature", float("inf")),
        ("default_size", [512]),
        ("default_size", "512x1024"),
        ("default_size", [-32, 64]),
        ("sizes", [[512, 1024]]),
        ("sizes", [256, 512]),
        ("sizes", []),
        ("labels", 7),
        ("labels", None),
        ("licence", 3),
        ("training", "long"),
        ("sizzes", [[1, 2]]),
    ],
)
def test_each_faulty_value_is_named_in_one_sentence(
    make_model: Any, key: str, value: object
) -> None:
    with pytest.raises(ModelError) as error:
        load_model(make_model({key: value}))
    sentence = str(error.value)
    assert "little.yaml" in sentence
    assert key.rsplit(".", maxsplit=1)[-1] in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("kitti", "camvid11"),
        ("none.yaml", "none.yaml"),
        ({"name": "x", "classes": [{"id": 0, "name": "Sky", "color": [1, 2]}]}, "Sky"),
        (
            {
                "name": "x",
                "classes": [
                    {"id": 0, "name": "Sky", "color": [0, 0, 0]},
                    {"id": 0, "name": "Car", "color": [0, 0, 0]},
                ],
            },
            "Car",
        ),
    ],
)
def test_faulty_label_sets_are_an_error_of_the_model(
    make_model: Any, labels: object, said: str
) -> None:
    with pytest.raises(ModelError, match=said) as error:
        load_model(make_model({"labels": labels}))
    assert "little.yaml" in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"default_size": [250, 512]},
        {"default_size": [256, 512], "sizes": [[256, 512], [100, 100]]},
        {"input.height": 512, "input.width": 1024},
    ],
)
def test_sizes_that_the_network_cannot_take_are_refused(
    make_model: Any, changes: dict[str, Any]
) -> None:
    with pytest.raises(ModelError, match="network size"):
        load_model(make_model(changes))


@pytest.mark.parametrize("content", [b"", b"- 1", b"a: [", b"\xff\xfe\x00", b"just text"])
def test_sidecars_that_are_no_mapping_are_refused(make_model: Any, content: bytes) -> None:
    path = make_model()
    path.with_suffix(".yaml").write_bytes(content)
    with pytest.raises(ModelError, match=r"little\.yaml"):
        load_model(path)


def test_a_missing_sidecar_is_named_with_where_to_read_on(make_model: Any) -> None:
    path = make_model()
    path.with_suffix(".yaml").unlink()
    with pytest.raises(ModelError, match=r"little\.yaml.*model_sidecar\.md"):
        load_model(path)


def test_a_bad_onnx_is_found_before_its_sidecar_is_read(make_model: Any) -> None:
    path = make_model()
    path.write_bytes(b"")
    with pytest.raises(ModelError, match="empty file"):
        load_model(path)


@pytest.mark.parametrize(
    "name", ["resnet", "models/camvid", "", "camvid.pt", "~nobody-of-this-name/camvid"]
)
def test_unknown_names_are_answered_with_the_shipped_ones(name: str) -> None:
    with pytest.raises(ModelError, match="shipped model") as error:
        load_model(name)
    assert repr(name) in str(error.value)


def test_shipped_models_are_found_by_name(make_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_model()
    path.with_name("half.yaml").touch()
    for ending in (".onnx", ".yaml"):
        path.with_name(f"little.int8{ending}").touch()
    monkeypatch.setattr(sidecar, "MODELS_DIRECTORY", path.parent)
    assert shipped_models() == ("little",)
    assert load_model("little").path == path


def test_an_installation_without_models_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar, "MODELS_DIRECTORY", tmp_path)
    with pytest.raises(ModelError, match="without its models"):
        load_model("camvid")


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_model_is_whole_and_has_a_licence_and_a_card(name: str) -> None:
    model = load_model(name)
    assert model.licence
    assert model.path.with_suffix(".md").is_file()


def test_the_example_of_the_documentation_is_a_valid_sidecar(
    repository: Path, make_model: Any
) -> None:
    text = (repository / "docs" / "model_sidecar.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    path = make_model()
    path.with_suffix(".yaml").write_text(example[1], encoding="utf-8")
    assert load_model(path).labels.num_classes == 2


def test_the_documentation_lists_every_key(repository: Path) -> None:
    text = (repository / "docs" / "model_sidecar.md").read_text(encoding="utf-8")
    source = (repository / "segmentation_node" / "model" / "sidecar.py").read_text("utf-8")
    for key in re.findall(r'fields\.\w+\(\s*"(\w+)"|_fixed_side\(fields, "(\w+)"\)', source):
        assert re.search(rf"`(input\.|output\.)?{''.join(key)}[.`]", text), key
