"""The parameters: what is accepted, what is refused and how, and the file that documents them."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
import yaml

from segmentation_node.config import NETWORK_PARAMETERS, PARAMETERS, NodeConfig, PipelineConfig
from segmentation_node.errors import ConfigError
from segmentation_node.parameter import Parameter

NAMES = list(PARAMETERS)


def test_the_defaults_are_valid_and_every_field_is_described() -> None:
    config = NodeConfig()
    assert [field.name for field in fields(config)] == NAMES
    assert all(getattr(config, name) == one.default for name, one in PARAMETERS.items())
    assert all(one.description.endswith(".") for one in PARAMETERS.values())


def test_a_node_configuration_is_a_pipeline_configuration() -> None:
    assert isinstance(NodeConfig(model="rendered"), PipelineConfig)


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        NodeConfig().mode = "every"  # type: ignore[misc]


def wrong_values(parameter: Parameter) -> list[object]:
    """Values of the wrong type for any parameter, and out of range where there is one."""
    wrong: list[object] = [None, [1], b"1"]
    if isinstance(parameter.default, tuple):
        return [*wrong, "front", ["front", 1], ["a b"], ["/"], ["bücher"]]
    if isinstance(parameter.default, bool):
        return [*wrong, 1, "true"]
    wrong.append(True)
    if isinstance(parameter.default, str):
        texts = ["  ", *([""] if parameter.default else []), *(["?"] if parameter.choices else [])]
        return [*wrong, 1, *texts]
    return [*wrong, "1", float("nan"), parameter.low - 1, parameter.high + 1]  # type: ignore[operator]


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_type_or_range_is_refused_in_a_sentence_that_names_the_parameter(name: str) -> None:
    for value in wrong_values(PARAMETERS[name]):
        with pytest.raises(ConfigError) as refusal:
            NodeConfig(**{name: value})  # type: ignore[arg-type]
        assert name in refusal.value.received
        assert refusal.value.expected == PARAMETERS[name].expected


def test_a_whole_number_will_do_where_a_float_is_wanted_and_not_the_other_way_round() -> None:
    deadline = NodeConfig(deadline_ms=50).deadline_ms
    assert isinstance(deadline, float)
    with pytest.raises(ConfigError, match="a whole number from 1 to 1000 frames"):
        NodeConfig(queue_size=5.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", ["default", "auto", "512x1024", "256X512", "64×96"])
def test_network_sizes_that_are_read(size: str) -> None:
    assert NodeConfig(network_size=size).network_size == size


@pytest.mark.parametrize("size", ["512", "512x", "x1024", "512 by 1024", "-1x5", "100000x1"])
def test_network_sizes_that_are_refused(size: str) -> None:
    with pytest.raises(ConfigError, match="HEIGHTxWIDTH"):
        NodeConfig(network_size=size)


@pytest.mark.parametrize(
    "roi", ["", "0,288,1280,432", "0.0, 0.4, 1.0, .6", "1,2,3,4; 5,6,7,8", ";1,2,3,4;", "; "]
)
def test_regions_that_are_read(roi: str) -> None:
    assert NodeConfig(roi=roi).roi == roi


@pytest.mark.parametrize(
    "roi", ["all", "1,2,3", "1,2,3,4,5", "-1,0,5,5", "1 2 3 4", "1,2,3,4 5,6,7,8"]
)
def test_regions_that_are_refused(roi: str) -> None:
    with pytest.raises(ConfigError, match="x,y,width,height"):
        NodeConfig(roi=roi)


@pytest.mark.parametrize("topic", ["image", "/camera/image_raw", "~/image", "/a/b/c_1"])
def test_topics_that_are_read(topic: str) -> None:
    assert NodeConfig(image_topic=topic).input_topic == topic


@pytest.mark.parametrize("topic", ["/", "/a/", "a//b", "/1a", "a b", "a-b"])
def test_topics_that_are_refused(topic: str) -> None:
    with pytest.raises(ConfigError, match="a topic name"):
        NodeConfig(image_topic=topic)


def test_lists_of_texts_are_kept_as_tuples_and_an_empty_one_is_one_empty_text() -> None:
    config = NodeConfig(image_topics=["/a", "/b"], camera_names=[])  # type: ignore[arg-type]
    assert (config.image_topics, config.camera_names) == (("/a", "/b"), ("",))


def test_the_network_is_decided_by_the_pipelines_parameters_alone() -> None:
    config = NodeConfig(model="rendered", overlay_alpha=0.1)
    assert config.network == PipelineConfig(model="rendered")
    assert {*vars(config.network)} == NETWORK_PARAMETERS < {*PARAMETERS}


def test_the_compressed_transport_adds_its_suffix() -> None:
    config = NodeConfig(image_topic="/cam", image_transport="compressed")
    assert config.input_topic == "/cam/compressed"


@pytest.fixture
def documented(repository: Path) -> str:
    return (repository / "config" / "seg.yaml").read_text(encoding="utf-8")


def comment_above(text: str, name: str) -> str:
    """The block of comment right above a key, as one line."""
    found = re.search(rf"((?:^ *#.*\n)+) *{name}:", text, re.MULTILINE)
    assert found, f"{name} has no comment"
    return " ".join(line.strip(" #") for line in found[1].splitlines())


def test_the_parameter_file_has_every_parameter_at_its_default(documented: str) -> None:
    values = yaml.safe_load(documented)["/**"]["ros__parameters"]
    defaults = {name: one.default for name, one in PARAMETERS.items()}
    assert values == {
        name: list(one) if isinstance(one, tuple) else one for name, one in defaults.items()
    }
    assert NodeConfig(**values) == NodeConfig()


@pytest.mark.parametrize("name", NAMES)
def test_the_parameter_file_says_meaning_range_and_unit(documented: str, name: str) -> None:
    parameter, comment = PARAMETERS[name], comment_above(documented, name)
    assert parameter.description in comment
    assert parameter.expected.lower() in comment.lower()
    assert ("while the node runs" in comment) == parameter.live


def test_a_topic_that_ros_has_no_letters_for_is_refused() -> None:
    with pytest.raises(ConfigError, match="image_topic: '/kamera/tür'"):
        NodeConfig(image_topic="/kamera/tür")
