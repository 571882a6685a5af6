"""The cameras of a node: their topics, their names, and the part of its image that each sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from segmentation_node.config import NodeConfig
from segmentation_node.errors import ConfigError


@dataclass(frozen=True)
class Camera:
    """One camera of a node.

    Args:
        name: What tells it from the others; empty where there is only one, and it was given none.
        config: The node's parameters as they are for this camera: its topic, its region.
    """

    name: str
    config: NodeConfig

    def topic_of(self, output: str) -> str:
        """The topic of one of its outputs, such as `~/labels` or `~/front/labels`.

        Args:
            output: Such as `labels`.
        """
        return f"~/{self.name}/{output}" if self.name else f"~/{output}"


def cameras_of(config: NodeConfig) -> tuple[Camera, ...]:
    """The cameras of a node, one at least.

    Args:
        config: Its parameters.

    Raises:
        ConfigError: Topics, transport, names and regions do not go together.
    """
    topics = tuple(filter(None, config.image_topics)) or (config.image_topic,)
    if len(set(topics)) < len(topics):
        raise ConfigError(
            received=f"image_topics: {list(topics)}",
            expected="each topic once",
            fix="leave out the topics that stand there already",
        )
    _refuse_suffix(config, topics)
    return tuple(
        Camera(name, replace(config, image_topic=topic, roi=roi))
        for topic, name, roi in zip(
            topics, _names(config, topics), _regions(config.roi, len(topics)), strict=True
        )
    )


def camera_names(topics: Sequence[str]) -> tuple[str, ...]:
    """Names for cameras: the parts of their topics that tell them apart.

    `/sensing/camera/front/image_raw` and `/sensing/camera/rear/image_raw` are `front` and `rear`.

    Args:
        topics: Two or more topics, each once.

    Raises:
        ConfigError: The names are not unique.
    """
    parts = [topic.lstrip("~/").split("/") for topic in topics]
    start = _shared(parts)
    reversed_rests = [part[start:][::-1] for part in parts]
    end = _shared(reversed_rests)
    names = tuple("_".join(rest[end:][::-1]) for rest in reversed_rests)
    return _unique(names, f"image_topics: {list(topics)}")


def _refuse_suffix(config: NodeConfig, topics: Sequence[str]) -> None:
    """Refuse what would be listened to as `/compressed/compressed`, where nobody ever sends."""
    suffixed = [topic for topic in topics if topic.endswith("/compressed")]
    if config.image_transport == "compressed" and suffixed:
        raise ConfigError(
            received=f"the topic {suffixed[0]} with image_transport compressed",
            expected="the topic of the raw images, to which /compressed is added",
            fix=f"give {suffixed[0].removesuffix('/compressed')}",
        )


def _shared(parts: Sequence[Sequence[str]]) -> int:
    """How many words all begin with, one word of each being left."""
    most = min(map(len, parts)) - 1
    shared = (index for index in range(most) if len({part[index] for part in parts}) > 1)
    return next(shared, most)


def _names(config: NodeConfig, topics: Sequence[str]) -> tuple[str, ...]:
    given = tuple(filter(None, config.camera_names))
    if given:
        if len(given) != len(topics):
            raise ConfigError(
                received=f"camera_names: {list(given)} for {len(topics)} topics",
                expected="one name for each of image_topics",
                fix="give as many names as topics, or none",
            )
        return _unique(given, f"camera_names: {list(given)}")
    return ("",) if len(topics) == 1 else camera_names(topics)


def _unique(names: tuple[str, ...], received: str) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ConfigError(
            received=f"{received}, which makes the names {', '.join(names)}",
            expected="a name of its own for each camera",
            fix="give them in camera_names",
        )
    return names


def _regions(roi: str, count: int) -> tuple[str, ...]:
    regions = tuple(one.strip() for one in roi.split(";"))
    if len(regions) == 1:
        return regions * count
    if len(regions) != count:
        raise ConfigError(
            received=f"roi: {roi!r} with {len(regions)} regions for {count} "
            + ("camera" if count == 1 else "cameras"),
            expected="one region for all cameras, or one for each",
            fix="give as many regions as image_topics, separated by semicolons",
        )
    return regions
