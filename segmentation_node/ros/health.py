"""What the diagnostics are made from: the health of a node, and of each of its cameras."""

from __future__ import annotations

from dataclasses import replace

from segmentation_node.engines import BuildState
from segmentation_node.pipeline.monitor import Report
from segmentation_node.ros.build_facts import build_facts
from segmentation_node.ros.diagnostics import Health
from segmentation_node.ros.stream import CameraStream
from segmentation_node.ros.streams import CameraStreams


def healths_of(
    name: str, state: str, streams: CameraStreams | None, refusal: str, named: bool
) -> list[Health]:
    """That of the node first; where its cameras have names, one for each of them after it.

    Args:
        name: Full name of the node.
        state: Lifecycle state, such as `active`.
        streams: The cameras; None while the node is not configured.
        refusal: Why the latest configuring or activating failed; empty where it did not.
        named: Whether its cameras have, or are to have, names: several always do.
    """
    if streams is None:
        return [Health(name, state, refusal=refusal, is_sum=named)]
    if streams.failure:
        return [Health(name, state, refusal=streams.failure, is_sum=named)]
    if not streams.is_open:
        return [_while_opening(name, state, streams.watch.state, named)]
    reports = streams.reports()
    cameras = [
        _of_camera(name, state, camera, report)
        for camera, report in zip(streams.cameras, reports, strict=True)
    ]
    trouble = streams.trouble
    if not cameras[0].camera:
        facts = {**streams.facts, **cameras[0].facts}
        return [replace(cameras[0], facts=facts, refusal=refusal, trouble=trouble)]
    names = ", ".join(one.name for one in streams.cameras)
    whole = Health(
        name,
        state,
        report=Report.total(reports),
        topic=", ".join(streams.topics),
        publishers=sum(one.publisher_count for one in streams.cameras),
        input_faults=tuple(
            f"{one.name}: {fault}" for one in streams.cameras for fault in one.input_faults
        ),
        facts={**streams.facts, "cameras": names},
        refusal=refusal,
        trouble=trouble,
        is_sum=True,
    )
    device = {"device": streams.facts["device"]}
    return [whole, *(replace(one, facts={**device, **one.facts}) for one in cameras)]


def _while_opening(name: str, state: str, build: BuildState | None, named: bool) -> Health:
    # It takes minutes in which the robot sees nothing: worth a light that is not green.
    trouble = "" if build is None else str(build)
    return Health(name, state, facts=build_facts(build), trouble=trouble, is_sum=named)


def _of_camera(name: str, state: str, camera: CameraStream, report: Report) -> Health:
    return Health(
        name,
        state,
        report=report,
        topic=camera.topic,
        publishers=camera.publisher_count,
        input_faults=camera.input_faults,
        facts=camera.facts,
        drift=camera.drift.report(),
        camera=camera.name,
    )
