"""Many bags on many machines, with Ray: one task for each bag.

Every machine of the cluster needs this package, and inputs and outputs under the same paths.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any

from segmentation_node.errors import ConfigError
from segmentation_node.installing import pip_install
from segmentation_node.offline.bag_segmenter import BagSegmenter
from segmentation_node.offline.job import Request
from segmentation_node.offline.meter import Meter
from segmentation_node.offline.opening import Opening
from segmentation_node.offline.outcome import Outcome, attempt, lost

LOCAL = "local"
"""The address of a Ray of one's own on this machine, to try it out."""

_KNOCK_S = 10.0
"""How long a cluster may take to answer, in seconds."""

_END_S = 20.0
"""How long tasks may take to leave their bags and end, in seconds."""


def run_on_ray(
    requests: Sequence[Request], opening: Opening, address: str, workers: int | None, meter: Meter
) -> Iterator[Outcome]:
    """Segment bags on a cluster; yield what became of each, in the order of their ends.

    Args:
        requests: The bags.
        opening: How to load the network.
        address: As `ray.init` takes it: `auto`, HOST:PORT, ray://HOST:PORT, or `local`.
        workers: How many bags at a time; one for each machine where None.
        meter: Told how far they are.

    Raises:
        ConfigError: Ray is missing, or there is no cluster at the address.
    """
    ray = _ray(address)
    with _connected(ray, address):
        nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
        count = workers or len(nodes)
        # A task fits on one machine: more cores than the smallest has would keep that one idle.
        threads = max(1, int(min(sum(nodes) / count, *nodes, sum(nodes))))
        task = ray.remote(num_cpus=threads, max_retries=1)(_segment)
        yield from _outcomes(ray, task, requests, replace(opening, threads=threads), count, meter)


def _outcomes(
    ray: Any, task: Any, requests: Sequence[Request], opening: Opening, count: int, meter: Meter
) -> Iterator[Outcome]:
    waiting = deque(enumerate(requests))
    under_way: dict[Any, tuple[int, Request]] = {}
    try:
        while waiting or under_way:
            while waiting and len(under_way) < count:
                bag, request = waiting.popleft()
                under_way[task.remote(request, opening)] = bag, request
            for ended in ray.wait(list(under_way))[0]:
                bag, request = under_way.pop(ended)
                outcome = _outcome(ray, ended, request)
                meter.ended(bag, outcome.frames)
                yield outcome
    finally:
        _cancel(ray, list(under_way))


def _outcome(ray: Any, ended: Any, request: Request) -> Outcome:
    try:
        outcome: Outcome = ray.get(ended)
    except ray.exceptions.RayError as error:
        said = str(error).strip().partition("\n")[0]
        return lost(request, f"{type(error).__name__}: {said}")
    return outcome


def _cancel(ray: Any, tasks: list[Any]) -> None:
    """Let tasks leave their bags: in each, a KeyboardInterrupt is raised."""
    for task in tasks:
        ray.cancel(task)
    if tasks:
        ray.wait(tasks, num_returns=len(tasks), timeout=_END_S)


def _segment(request: Request, opening: Opening) -> Outcome:
    """The task: what a process of the cluster does for one bag."""
    return attempt(request, lambda: _segmenter(opening)(request, lambda done, total: None))


@lru_cache(maxsize=1)
def _segmenter(opening: Opening) -> BagSegmenter:
    """The network, loaded once for all bags that the same process is given."""
    return BagSegmenter(opening)


def _ray(address: str) -> Any:
    # Read when Ray is imported: it would report its use to its makers otherwise.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == LOCAL:
        # Keeps a Ray of one's own on the loopback address, out of reach of others. Its name is
        # that of the systems on which this is the default.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise ConfigError(
            received=f"--ray without Ray ({error})",
            expected="the package ray, here and on every machine of the cluster",
            fix=f"{pip_install('ray')}, or use --workers on this machine alone",
        ) from error


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """Be connected to a cluster; a connection that the caller has made already is left alone."""
    if ray.is_initialized():
        yield
        return
    options = {"include_dashboard": False} if address == LOCAL else {}
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level=logging.WARNING, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(
            received=f"--ray {address} ({str(error).strip().partition(chr(10))[0]})",
            expected="the address of a running Ray cluster, auto, or local",
            fix="start one with `ray start --head`, and give the address that it prints",
        ) from error
    try:
        yield
    finally:
        with suppress(Exception):
            ray.shutdown()


def _knock(address: str) -> None:
    """Find out whether anybody listens at HOST:PORT: Ray itself tries it for many minutes.

    Raises:
        OSError: Nobody does.
        ValueError: The port is none.
    """
    host, colon, port = address.rpartition("/")[2].rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), _KNOCK_S).close()
