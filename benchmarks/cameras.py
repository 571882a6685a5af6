"""Cameras at a rate through the node, over real DDS: `python -m benchmarks.cameras`.

Every camera, the node and a listener are processes of their own, with images in shared memory. What
is timed is a frame's way from its stamp (the moment of its sending) to the label image that the
listener receives; every frame counts, from the first.

With `--overload` one camera sends twice the frames that this machine can do, by the time that
computing one took in a first run at `--rate`. It does so in both modes: `latest`, whose latency is
given in multiples of the inference, and `every`, which must answer all of them in order.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ros_programs import RosProgram, running
from segmentation_node.config import NodeConfig
from segmentation_node.errors import SegmentationError
from segmentation_node.files import write_whole

NODE = "segmentation_node"
COMPUTING = ("read", "preprocess", "inference", "postprocess")
"""The stages of the computing thread, which is the slower one."""


@dataclass(frozen=True)
class Load:
    """What is sent to the node.

    Args:
        cameras: How many cameras.
        rate_hz: Images per second of each.
        size: Height and width in pixels of the images, as `HEIGHTxWIDTH`.
        frames: How many images each of them sends.
    """

    cameras: int
    rate_hz: float
    size: str
    frames: int

    @property
    def topics(self) -> tuple[str, ...]:
        """The image topics."""
        return tuple(f"/camera{index}/image_raw" for index in range(self.cameras))

    def status(self, index: int) -> str:
        """Name of a camera's status on /diagnostics."""
        return (
            f"{NODE}: camera{index} segmentation" if self.cameras > 1 else f"{NODE}: segmentation"
        )

    def labels(self, index: int) -> str:
        """Topic of a camera's label images."""
        return f"/{NODE}/camera{index}/labels" if self.cameras > 1 else f"/{NODE}/labels"


def measure(load: Load, parameters: Mapping[str, object], domain_id: int = 97) -> dict[str, Any]:
    """Send images through a node, and time them.

    Args:
        load: What is sent.
        parameters: Of the node, beside its topics and quality of service.
        domain_id: The ROS domain to do it in.

    Returns:
        What became of each camera's frames, and what it depends on.

    Raises:
        TransportError: A program ended that should not have.
    """
    given = {
        "image_topics": list(load.topics),
        "qos": "reliable",
        "qos_depth": 1000,
        "diagnostics_period_s": 0.5,
        **parameters,
    }
    labels = [load.labels(index) for index in range(load.cameras)]
    with ExitStack() as programs:

        def start(name: str, *words: str) -> RosProgram:
            return programs.enter_context(running(name, words, domain_id))

        start("node", *parameter_words(given))
        sink = start("label_sink", "--topics", *labels)
        sink.event("ready")
        sources = [start("camera_source", topic, *_source_words(load)) for topic in load.topics]
        sent = [source.event("done") for source in sources]
        figures = sink.end("figures")
    return summary(load, given, sent, figures)


def summary(
    load: Load,
    parameters: Mapping[str, object],
    sent: Sequence[Mapping[str, Any]],
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """What became of each camera's frames.

    Args:
        load: What was to be sent.
        parameters: Of the node.
        sent: What each source says that it sent.
        figures: What the sink says: `arrivals` by topic, and `diagnostics` by status.
    """
    cameras = [
        _of_camera(
            sent[index],
            figures["arrivals"][load.labels(index)],
            figures["diagnostics"][load.status(index)],
        )
        for index in range(load.cameras)
    ]
    whole = figures["diagnostics"][f"{NODE}: segmentation"]
    keys = ("model", "network_size", "engine", "device", "precision", "mode")
    return {
        "load": {**vars(load)},
        "node": {key: whole.get(key, "") for key in keys},
        "queue_size": parameters.get("queue_size", NodeConfig().queue_size),
        "cameras": cameras,
    }


def _of_camera(
    sent: Mapping[str, Any], arrivals: Sequence[Sequence[float]], said: Mapping[str, str]
) -> dict[str, Any]:
    stamps = [stamp for stamp, _ in arrivals]
    latencies_ms = np.array([latency for _, latency in arrivals], float)
    stages = ("inference", "total", *COMPUTING)
    received, processed = int(said["received"]), int(said["processed"])
    return {
        "sent": int(sent["sent"]),
        "source_late_ms": sent["late_ms"],
        "received": received,
        "lost_before_the_node": int(sent["sent"]) - received,
        "answered": processed,
        "skipped": int(said["skipped"]),
        "failed": int(said["failed"]) + int(said["malformed"]),
        "labels_received": len(arrivals),
        "lost_after_the_node": processed - len(arrivals),
        "in_order": stamps == sorted(stamps),
        "latency_ms": _percentiles(latencies_ms),
        "stage_p50_ms": {name: float(said.get(f"{name}_p50_ms") or "nan") for name in stages},
    }


def _percentiles(latencies_ms: Any) -> dict[str, float]:
    if not len(latencies_ms):
        return {}
    named = {f"p{p}": float(np.percentile(latencies_ms, p)) for p in (50, 95, 99)}
    return {name: round(one, 2) for name, one in {**named, "max": latencies_ms.max()}.items()}


def overload(
    load: Load, parameters: Mapping[str, object], domain_id: int = 97
) -> dict[str, dict[str, Any]]:
    """Send twice the frames that the node can do, in both modes.

    Args:
        load: What is sent first, at a rate that the node can do; one camera.
        parameters: Of the node.
        domain_id: The ROS domain to do it in.

    Returns:
        The first run, and one for each mode.
    """
    first = measure(load, parameters, domain_id)
    too_fast = Load(1, doubled_rate_hz(first), load.size, load.frames)
    runs = {
        mode: measure(too_fast, {**parameters, "mode": mode}, domain_id)
        for mode in ("latest", "every")
    }
    for run in runs.values():
        run["latency_in_inferences"] = in_inferences(run)
    return {"first": first, **runs}


def doubled_rate_hz(run: Mapping[str, Any]) -> float:
    """Twice the rate that the computing of a frame leaves room for, by a run's medians."""
    stages = run["cameras"][0]["stage_p50_ms"]
    return float(round(2e3 / sum(stages[name] for name in COMPUTING), 1))


def in_inferences(run: Mapping[str, Any]) -> dict[str, float]:
    """The latencies of a run's first camera in multiples of its median inference."""
    camera = run["cameras"][0]
    inference_ms = camera["stage_p50_ms"]["inference"]
    return {name: round(one / inference_ms, 2) for name, one in camera["latency_ms"].items()}


def parameter_words(parameters: Mapping[str, object]) -> list[str]:
    """The words on a command line that set a node's parameters."""
    pairs = (["-p", f"{name}:={json.dumps(value)}"] for name, value in parameters.items())
    return ["--ros-args", *(word for pair in pairs for word in pair)]


def _source_words(load: Load) -> list[str]:
    return ["--rate", str(load.rate_hz), "--size", load.size, "--frames", str(load.frames)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement and print it as JSON; the exit status is 1 where it cannot be made."""
    parser = argparse.ArgumentParser("cameras", description="Cameras at a rate through the node.")
    parser.add_argument("--cameras", type=int, default=2)
    parser.add_argument("--rate", type=float, default=30.0, help="images per second of each camera")
    parser.add_argument("--size", default="720x1280", help="HEIGHTxWIDTH of the images")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--model", default="camvid")
    parser.add_argument("--network-size", default="256x512")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--mode", default="latest", choices=("latest", "every"))
    parser.add_argument(
        "--overload", action="store_true", help="one camera, twice what can be done"
    )
    parser.add_argument("--domain", type=int, default=97, help="ROS domain that nobody is in")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args(arguments)
    frames = round(given.seconds * given.rate)
    load = Load(1 if given.overload else given.cameras, given.rate, given.size, frames)
    names = ("model", "network_size", "precision")
    parameters = {name: getattr(given, name) for name in names}
    try:
        if given.overload:
            figures: dict[str, Any] = overload(load, parameters, given.domain)
        else:
            figures = measure(load, {**parameters, "mode": given.mode}, given.domain)
    except SegmentationError as error:
        print(error, file=sys.stderr)
        return 1
    text = json.dumps(figures, indent=2)
    print(text)
    if given.json is not None:
        write_whole(given.json, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
