"""A real camera's topic: how much of it arrives, with and without the settings, by each quality."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from segmentation_node.config import NodeConfig
from segmentation_node.doctor import trial
from segmentation_node.doctor.finding import Finding
from segmentation_node.transport import driver_command, plain_environment

TOPIC = "camera"
PROBE = "segmentation_node.ros.probe"
SECONDS = 5.0
LOST_SHARE = 0.01

_QUALITIES = {"sensor_data": "best effort", "reliable": "reliable"}
_SETTINGS = {"ours": "our settings", "plain": "without them"}


def examine(topic: str) -> Iterator[Finding]:
    """Listen to a camera in each way, one after the other.

    Args:
        topic: Its image topic, such as `/camera/image_raw`.

    Raises:
        ConfigError: It is no name of a topic.
    """
    NodeConfig(image_topic=topic)
    results: dict[tuple[str, str], Mapping[str, Any]] = {}
    for quality in _QUALITIES:
        for setting in _SETTINGS:
            done = _listen(topic, quality, setting)
            if done.problem or not done.values["publishers"]:
                yield _nobody(topic, done)
                return
            results[quality, setting] = done.values
            yield _row(quality, setting, done.values)
            if not done.values["heard"]:
                break  # Without the settings it is no better.
    yield _verdict(results)


def _listen(topic: str, quality: str, setting: str) -> trial.Trial:
    environment = plain_environment() if setting == "plain" else dict(os.environ)
    words = ("listen", topic, str(SECONDS), quality, setting)
    return trial.finish(trial.start(PROBE, *words, environment=environment))


def _nobody(topic: str, done: trial.Trial) -> Finding:
    if done.problem:
        remedy = "see whether ros2 topic echo works in this terminal"
        return Finding(TOPIC, topic, "missing", done.problem, remedy, essential=True)
    others = ", ".join(done.values["others"])
    remedy = f"image topics that exist: {others}" if others else "start the driver, in this domain"
    return Finding(TOPIC, topic, "missing", "no publisher of images", remedy, essential=True)


def _row(quality: str, setting: str, values: Mapping[str, Any]) -> Finding:
    name = f"{_QUALITIES[quality]}, {_SETTINGS[setting]}"
    if not values["heard"]:
        found = "the publisher is best effort, which a reliable subscription cannot hear"
        return Finding(TOPIC, name, "ok", found)
    sent = values["received"] + values["lost"]
    found = f"{values['received']} of {sent} arrived, {values['rate_hz']:.1f} Hz"
    if not sent:
        return Finding(TOPIC, name, "warn", "nothing was sent", "see whether the camera runs")
    if _loses(values):
        share = 100 * values["lost"] / sent
        return Finding(TOPIC, name, "warn", f"{found}, {share:.0f} % lost", "see the last row")
    return Finding(TOPIC, name, "ok", found)


def _loses(values: Mapping[str, Any]) -> bool:
    return bool(values["lost"] > LOST_SHARE * (values["received"] + values["lost"]))


def _verdict(results: Mapping[tuple[str, str], Mapping[str, Any]]) -> Finding:
    name = "what the node gets"
    careless, reliable = results["sensor_data", "ours"], results["reliable", "ours"]
    sender = ", ".join(careless["publishers"])
    asked, values = ("reliable", reliable) if reliable["heard"] else ("best effort", careless)
    if not values["received"]:
        remedy = f"see whether the camera runs; if it does: {driver_command()}, start it again"
        return Finding(TOPIC, name, "warn", f"nothing from {sender} ({asked})", remedy)
    if not _loses(values):
        return Finding(TOPIC, name, "ok", f"all from {sender}, asked for {asked} (qos auto)")
    share = 100 * values["lost"] / (values["received"] + values["lost"])
    remedy = f"type in the driver's terminal: {driver_command()}, and start the driver again"
    return Finding(
        TOPIC, name, "warn", f"{share:.0f} % lost from {sender}, asked for {asked}", remedy
    )
