"""What is done to a node in a soak, fault by fault; what became of it is judged elsewhere."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from benchmarks.ros.jumping_clock import JumpingClock
from benchmarks.ros.soak_camera import SoakCamera
from benchmarks.ros.soak_hand import Hand

Notes = dict[str, Any]

_SLOW_S = 0.5  # what the slow subscriber takes for each label image
_JUMPS_S = (0, 3600, -7200)


@dataclass(frozen=True)
class Scene:
    """What the phases play on.

    Args:
        hand: Acts on the node.
        camera: Sends it images.
        pid: Process of the node.
        listener_pid: Process of whoever listens to it.
        labels: Topic of its label images.
        network_size: What the node was started with, as its parameter says it.
        warm_up_s: Seconds before memory and latency count.
        steady_s: Seconds that they count for.
        hold_s: Seconds that each fault lasts, and that it is given to end.
        rounds: How often node and listener are held up, and the camera unplugged.
        changes: Requests to change parameters.
        cycles: Lifecycle cycles.
    """

    hand: Hand
    camera: SoakCamera
    pid: int
    listener_pid: int
    labels: str
    network_size: str
    warm_up_s: float
    steady_s: float
    hold_s: float
    rounds: int
    changes: int
    cycles: int

    def hold(self) -> None:
        """Let what was begun last for a while."""
        time.sleep(self.hold_s)


def warm_up(scene: Scene) -> Notes:
    """Send images until the node answers, and for a while longer."""
    scene.hand.wait_until(lambda: bool(scene.hand.counts["processed"]), "the first answer")
    time.sleep(scene.warm_up_s)
    return {"facts": scene.hand.facts}


def node_stalls(scene: Scene) -> Notes:
    """Hold the node's process up, as a host that is short of processors does, and let it go on."""
    return _hold_up(scene, scene.pid)


def listener_stalls(scene: Scene) -> Notes:
    """Do the same to whoever listens: what the node sends meanwhile waits in the node."""
    return _hold_up(scene, scene.listener_pid)


def _hold_up(scene: Scene, pid: int) -> Notes:
    freed_ns = []
    for _ in range(scene.rounds):
        os.kill(pid, signal.SIGSTOP)
        try:
            scene.hold()
        finally:
            os.kill(pid, signal.SIGCONT)
        freed_ns.append(time.monotonic_ns())
        scene.hold()
    return {"freed_ns": freed_ns}


def steady(scene: Scene) -> Notes:
    """Send images and do nothing else."""
    time.sleep(scene.steady_s)
    return {}


def camera_stops(scene: Scene) -> Notes:
    """Unplug the camera until the node says that it is quiet, and plug it in again."""
    told = 0
    plugged_ns = []
    for _ in range(scene.rounds):
        scene.camera.unplug()
        # The node calls two seconds without a frame quiet.
        told += scene.hand.hears(
            lambda: scene.hand.level == DiagnosticStatus.STALE,
            within_s=2.0 + max(10.0, 2 * scene.hold_s),
        )
        received = scene.hand.counts["received"]
        plugged_ns.append(time.monotonic_ns())
        scene.camera.plug_in()
        # How long it takes is judged by the answers: here they only have to find each other.
        scene.hand.hears(lambda: scene.hand.counts["received"] > received, within_s=5.0)  # noqa: B023
        scene.hold()
    return {"rounds": scene.rounds, "silences_told": told, "plugged_ns": plugged_ns}


def camera_resizes(scene: Scene) -> Notes:
    """Change the size of the images, and back to the first."""
    for which in (*range(1, scene.camera.sizes), 0):
        scene.camera.show(which)
        scene.hold()
    return {"sizes": scene.camera.sizes}


def parameter_flood(scene: Scene) -> Notes:
    """Change parameters as fast as the node answers: right, wrong, and not to be changed now."""
    chance, answers, begun = random.Random(0), [], time.monotonic()
    for _ in range(scene.changes):
        alpha = round(chance.random(), 3)
        answers.append(scene.hand.set(_changes(chance, alpha)))
    took_s = time.monotonic() - begun
    # A few requests are answered between two images.
    scene.hold()
    right = sum(answer == [True, False, True, False, False] for answer in answers)
    return {"requests": scene.changes, "answered_right": right, "took_s": took_s}


def _changes(chance: random.Random, alpha: float) -> list[tuple[str, object]]:
    return [
        ("overlay_alpha", alpha),
        ("overlay_alpha", 2.0 + alpha),
        ("jpeg_quality", chance.randrange(1, 101)),
        ("image_topic", f"/elsewhere{chance.randrange(100)}"),
        ("no_such_parameter", "anything"),
    ]


def clock_jumps(scene: Scene) -> Notes:
    """Let the node go by simulated time, and let that jump an hour ahead and two back."""
    clock, off_s = JumpingClock(), []
    try:
        assumed = scene.hand.set([("use_sim_time", True)])
        scene.camera.now_ns = clock.now_ns
        # The node has to find the clock first.
        scene.hand.hears(lambda: _off_s(clock.now_ns(), scene.hand, clock) < 1.0, within_s=10.0)
        for seconds in _JUMPS_S:
            clock.jump(seconds)
            scene.hold()
            begun_ns = clock.now_ns()
            scene.hand.wait_for_news()
            off_s.append(_off_s(begun_ns, scene.hand, clock))
    finally:
        scene.camera.now_ns = time.time_ns
        scene.hand.set([("use_sim_time", False)])
        clock.close()
    return {"switched": assumed == [True], "jumps_back": 1, "clock_off_s": off_s}


def _off_s(begun_ns: int, hand: Hand, clock: JumpingClock) -> float:
    """How far what the node said lies outside the time in which it said it, seconds."""
    told_ns = hand.told_ns
    return max(begun_ns - told_ns, told_ns - clock.now_ns(), 0) * 1e-9


def slow_subscriber(scene: Scene) -> Notes:
    """Let somebody listen who takes half a second for each label image."""
    with _slow_listener(scene.labels) as taken:
        scene.hand.wait_until(lambda: bool(taken), "labels for the slow subscriber")
        for _ in range(3):
            scene.hold()
    return {"taken": len(taken)}


@contextmanager
def _slow_listener(topic: str) -> Any:
    context, taken = rclpy.Context(), []
    rclpy.init(args=[], context=context)
    node = rclpy.create_node("slow_listener", context=context)

    def take(message: Image) -> None:
        taken.append(message.height)
        time.sleep(_SLOW_S)

    node.create_subscription(Image, topic, take, QoSProfile(depth=5))
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, name="slow", daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        executor.shutdown()
        thread.join()
        node.destroy_node()
        rclpy.shutdown(context=context)


def lifecycle_cycles(scene: Scene) -> Notes:
    """Clean the node up and bring it back again and again, at a small network size."""
    hand, took_s, refused = scene.hand, [], 0
    refused += not (hand.change_state("deactivate") and hand.change_state("cleanup"))
    hand.set([("network_size", _SMALL)])
    try:
        for _ in range(scene.cycles):
            begun = time.monotonic()
            refused += sum(not hand.change_state(one) for one in _CYCLE)
            took_s.append(time.monotonic() - begun)
    finally:
        hand.set([("network_size", scene.network_size)])
        hand.change_state("configure")
        hand.change_state("activate")
    # Whoever sends and listens has to find the node's new topics.
    hand.wait_until(lambda: _is_connected(hand), "the camera and listeners to find the node")
    state = hand.state()
    notes = {"cycles": scene.cycles, "refused": refused, "state": state, "took_s": took_s}
    return {**notes, "counts_anew": True}


_SMALL = "64x96"
_CYCLE = ("configure", "activate", "deactivate", "cleanup")


def after_the_faults(scene: Scene) -> Notes:
    """Send images as at the beginning."""
    for _ in range(3):
        scene.hold()
    return {}


def _is_connected(hand: Hand) -> bool:
    facts = hand.facts
    listened = all(int(facts.get(f"{name}_listeners") or 0) for name in ("labels", "color"))
    return listened and hand.counts["processed"] > 0


PHASES: Mapping[str, Callable[[Scene], Notes]] = {
    one.__name__: one
    for one in (
        warm_up,
        node_stalls,
        listener_stalls,
        steady,
        camera_stops,
        camera_resizes,
        parameter_flood,
        clock_jumps,
        slow_subscriber,
        lifecycle_cycles,
        after_the_faults,
    )
}
"""What is done, in this order, by the names in the results."""
