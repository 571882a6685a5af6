"""What a soak consists of."""

from __future__ import annotations

from dataclasses import dataclass

from segmentation_node.bench.ranges import check_above, check_least
from segmentation_node.core.geometry import NetworkSize

LONG_CYCLES = 1000
"""Lifecycle cycles of a soak that takes hours: each takes about half a second."""

_CAMERA = NetworkSize(720, 1280)
_OTHER_SIZES = (NetworkSize(480, 640), NetworkSize(1080, 1920))
"""What the camera changes to, and back."""


@dataclass(frozen=True)
class Plan:
    """How long, with what, and how many of each fault.

    Args:
        seconds: How long images are sent with nothing else done; memory and latency are of these.
        warm_up_s: Seconds at the very beginning.
        rate_hz: Images per second.
        camera: Size of the images.
        model: Name of a shipped network, or path of an .onnx file.
        network_size: HEIGHTxWIDTH, or `default`.
        precision: Such as `auto` or `fp32`.
        hold_s: Seconds that each fault lasts, and that it is given to end.
        rounds: How often the node is held up, and the camera unplugged.
        changes: Requests to change parameters, of five changes each.
        cycles: Lifecycle cycles, at a network size of 64x96.
        fuzz_runs: Inputs of each reader; 0 fuzzes none.
        domain_id: The ROS domain to do it in.
    """

    seconds: float = 120.0
    warm_up_s: float = 30.0
    rate_hz: float = 30.0
    camera: NetworkSize = _CAMERA
    model: str = "camvid"
    network_size: str = "256x512"
    precision: str = "auto"
    hold_s: float = 3.0
    rounds: int = 3
    changes: int = 1000
    cycles: int = 200
    fuzz_runs: int = 5000
    domain_id: int = 96

    def __post_init__(self) -> None:
        check_above(self, 0, "seconds", "rate_hz", "hold_s", "rounds", "changes", "cycles")
        check_least(self, 0, "warm_up_s", "fuzz_runs")

    @property
    def sizes(self) -> tuple[NetworkSize, ...]:
        """The sizes of the camera's images, the usual one first."""
        return (self.camera, *(size for size in _OTHER_SIZES if size != self.camera))

    @property
    def node_parameters(self) -> dict[str, object]:
        """The parameters of the node under test."""
        return {
            "model": self.model,
            "network_size": self.network_size,
            "precision": self.precision,
            "qos": "reliable",
            "qos_depth": 30,
            "diagnostics_period_s": 0.5,
        }

    def driver_words(self, pid: int, listener_pid: int) -> list[str]:
        """The command line of the program that sends images and makes the faults.

        Args:
            pid: Process of the node.
            listener_pid: Process of the listener.
        """
        options = {
            "--pid": pid,
            "--listener-pid": listener_pid,
            "--rate": self.rate_hz,
            "--network-size": self.network_size,
            "--warm-up": self.warm_up_s,
            "--steady": self.seconds,
            "--hold": self.hold_s,
            "--rounds": self.rounds,
            "--changes": self.changes,
            "--cycles": self.cycles,
        }
        words = [word for name, value in options.items() for word in (name, str(value))]
        return [*words, "--sizes", *map(str, self.sizes)]
