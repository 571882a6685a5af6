"""Program: sends images to a node and lets it meet one fault after the other, for a soak.

    python -m benchmarks.ros.soak_driver --pid 4711 --sizes 720x1280 480x640 --cycles 1000

It says `phase` at the end of each: its name, when it began and ended (monotonic seconds), each
image that was sent in it (stamp and moment in ns, height, width), what the node had counted before
and after, what was noted, and what went wrong, if anything did. A phase that fails keeps no other
one from being played.
"""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable

import rclpy
from rclpy.signals import SignalHandlerOptions

from benchmarks.ros.soak_camera import SoakCamera
from benchmarks.ros.soak_hand import Hand
from benchmarks.ros.soak_phases import PHASES, Notes, Scene
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.ros.events import Events
from segmentation_node.transport import prepare_process


def play(scene: Scene, name: str, phase: Callable[[Scene], Notes], events: Events) -> None:
    """Play one phase, let the node answer what it has, and tell of both.

    Args:
        scene: What it is played on.
        name: Of the phase.
        phase: What is done.
        events: Where it is told.
    """
    camera, error, notes = scene.camera, "", {}
    before, begun = scene.hand.counts, time.monotonic()
    camera.take_sent()
    camera.plug_in()
    # Whatever it was: it is a finding, and the other phases have theirs.
    try:
        notes = phase(scene)
    except Exception as failure:
        error = repr(failure)
    ended = time.monotonic()
    camera.pause()
    try:
        after = scene.hand.settled_counts()
    except Exception as failure:
        error, after = error or repr(failure), scene.hand.counts
    told = {"name": name, "begun_s": begun, "ended_s": ended, "sent": camera.take_sent()}
    events.emit("phase", **told, before=before, after=after, notes=notes, error=error)


def main() -> None:
    """Run the program."""
    given = _parser().parse_args()
    prepare_process()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    hand = Hand("soak_driver", given.node)
    camera = SoakCamera(rclpy.create_node("soak_camera"), given.topic, given.rate, given.sizes)
    scene = Scene(
        hand=hand,
        camera=camera,
        pid=given.pid,
        listener_pid=given.listener_pid,
        labels=f"{given.node}/labels",
        network_size=given.network_size,
        warm_up_s=given.warm_up,
        steady_s=given.steady,
        hold_s=given.hold,
        rounds=given.rounds,
        changes=given.changes,
        cycles=given.cycles,
    )
    try:
        for name, phase in PHASES.items():
            play(scene, name, phase, Events(enabled=True))
    except KeyboardInterrupt:
        pass
    finally:
        # Whoever started it tells it to end as soon as the last phase was told.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        camera.close()
        hand.close()
        rclpy.try_shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("soak_driver", description="Lets a node meet faults.")
    parser.add_argument("--node", default="/segmentation_node", help="full name of the node")
    parser.add_argument("--pid", type=int, required=True, help="process of the node")
    parser.add_argument("--listener-pid", type=int, required=True, help="who listens to it")
    parser.add_argument("--topic", default="/camera/image_raw")
    parser.add_argument("--rate", type=float, default=30.0, help="images per second")
    parser.add_argument("--sizes", type=NetworkSize.parse, nargs="+", required=True)
    parser.add_argument("--network-size", required=True, help="what the node was started with")
    parser.add_argument("--warm-up", type=float, default=30.0, help="seconds")
    parser.add_argument("--steady", type=float, default=120.0, help="seconds")
    parser.add_argument("--hold", type=float, default=3.0, help="seconds of each fault")
    parser.add_argument("--rounds", type=int, default=3, help="stalls, and times without camera")
    parser.add_argument("--changes", type=int, default=1000, help="requests to change parameters")
    parser.add_argument("--cycles", type=int, default=1000, help="lifecycle cycles")
    return parser


if __name__ == "__main__":
    main()
