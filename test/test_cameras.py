"""The cameras of a node: topics, names and regions that go together, and those that do not."""

from __future__ import annotations

import pytest

from segmentation_node.cameras import camera_names, cameras_of
from segmentation_node.config import NodeConfig
from segmentation_node.errors import ConfigError


def test_one_camera_has_no_name_and_its_outputs_no_namespace() -> None:
    [camera] = cameras_of(NodeConfig(image_topic="/front/image"))
    assert (camera.name, camera.config.input_topic) == ("", "/front/image")
    assert camera.topic_of("labels") == "~/labels"


def test_one_topic_in_the_list_is_one_camera_as_before() -> None:
    [camera] = cameras_of(NodeConfig(image_topics=("/front/image",)))
    assert (camera.name, camera.config.input_topic) == ("", "/front/image")


def test_one_camera_with_a_name_has_a_namespace() -> None:
    [camera] = cameras_of(NodeConfig(image_topics=("/front/image",), camera_names=("front",)))
    assert camera.topic_of("camera_info") == "~/front/camera_info"


def test_several_cameras_have_topics_names_and_regions_of_their_own() -> None:
    config = NodeConfig(
        image_topics=("/front/image_raw", "/rear/image_raw"),
        image_transport="compressed",
        roi="0,10,40,20; ",
    )
    front, rear = cameras_of(config)
    assert (front.name, rear.name) == ("front", "rear")
    assert front.config.input_topic == "/front/image_raw/compressed"
    assert (front.config.roi, rear.config.roi) == ("0,10,40,20", "")
    assert rear.topic_of("timing/total_ms") == "~/rear/timing/total_ms"


def test_one_region_is_that_of_all_cameras() -> None:
    config = NodeConfig(image_topics=("/a/image", "/b/image"), roi="0.0,0.5,1.0,0.5")
    assert {one.config.roi for one in cameras_of(config)} == {"0.0,0.5,1.0,0.5"}


@pytest.mark.parametrize(
    ("topics", "names"),
    [
        (("/front/image_raw", "/rear/image_raw"), ("front", "rear")),
        (
            (
                "/sensing/camera/camera0/image_rect_color",
                "/sensing/camera/camera1/image_rect_color",
            ),
            ("camera0", "camera1"),
        ),
        (("/stereo/left/image_raw", "/stereo/right/image_raw"), ("left", "right")),
        (("/front/left/image", "/rear/left/image"), ("front", "rear")),
        (
            ("/front/left/image", "/front/right/image", "/rear/left/image"),
            ("front_left", "front_right", "rear_left"),
        ),
        (("/front_image", "/rear_image"), ("front_image", "rear_image")),
        (("/camera/front_image", "/camera/rear_image"), ("front_image", "rear_image")),
        (("/camera", "/camera/left"), ("camera", "camera_left")),
        (("/camera/image", "/camera/image/left"), ("image", "image_left")),
        (("/image", "/rear/image"), ("image", "rear_image")),
        (("~/a/image", "b/image"), ("a", "b")),
    ],
)
def test_names_are_what_tells_the_topics_apart(
    topics: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert camera_names(topics) == names


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image_topics": ("/a/b_c", "/a_b/c")}, "names a_b_c, a_b_c; .*fix: give them in camera"),
        ({"image_topics": ("/a", "/a")}, "each topic once"),
        ({"image_topics": ("/a", "/b"), "camera_names": ("a",)}, "one name for each"),
        ({"image_topics": ("/a", "/b"), "camera_names": ("a", "a")}, "a name of its own"),
        ({"image_topics": ("/a", "/b"), "roi": "1,2,3,4;;"}, "3 regions for 2 cameras"),
        ({"roi": "1,2,3,4;5,6,7,8"}, "2 regions for 1 camera;"),
        (
            {"image_topic": "/a/image/compressed", "image_transport": "compressed"},
            "the topic /a/image/compressed with .*; fix: give /a/image$",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        cameras_of(NodeConfig(**given))  # type: ignore[arg-type]
