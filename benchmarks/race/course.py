"""One contender on one course: camera, node and subscriber as processes, images over real DDS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.race.contenders import Computation, Contender
from benchmarks.ros_programs import RosProgram, running
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import ConfigError

NODE = "/segmentation_node"
IMAGES = "/camera/image_raw"

PATIENCE_S = 900.0
"""How long a program may take to begin: an engine may have to be built."""

_QUIET_S = 2.0
_DEPTH = 10  # images that a camera keeps for who is behind


@dataclass(frozen=True)
class Setting:
    """What is sent, and how.

    Args:
        camera: Size of the images.
        rate_hz: Images per second.
        reliable: Whether lost images are asked for again, on the way there and back.
    """

    camera: NetworkSize
    rate_hz: float
    reliable: bool

    def __post_init__(self) -> None:
        if not self.rate_hz > 0:
            raise ConfigError(f"{self.rate_hz} images per second", "more than 0", "send more")

    def __str__(self) -> str:
        return f"{self.camera} at {self.rate_hz:g} Hz, {self.qos.replace('_', ' ')}"

    @property
    def qos(self) -> str:
        """The quality of service by its name."""
        return "reliable" if self.reliable else "best_effort"


@dataclass(frozen=True)
class Course:
    """What a contender is put to.

    Args:
        setting: What is sent, and how.
        images: .npy of (N, H, W, 3) uint8 BGR, sent in turns.
        seconds: How long, without the images to warm up.
        warm_up_s: How long images are sent before those that count.
        domain_id: The ROS domain to do it in.
        timing: Whether to note the stages of our node as well.
    """

    setting: Setting
    images: Path
    seconds: float
    warm_up_s: float = 2.0
    domain_id: int = 97
    timing: bool = False

    @property
    def frames(self) -> int:
        """How many images count."""
        return max(1, round(self.seconds * self.setting.rate_hz))

    @property
    def warm_up(self) -> int:
        """How many are sent before them."""
        return max(2, round(self.warm_up_s * self.setting.rate_hz))


@dataclass(frozen=True)
class Run:
    """What a contender did.

    Args:
        sent: How many images were sent.
        labels: Of each label image the stamp in ns, and milliseconds from it to the arrival.
        colors: How many colour images arrived; None where none were to.
        cpu_s: Seconds of processor time of each program while images were sent.
        late_ms: How late the latest image was sent, milliseconds.
        facts: What computed.
        segment_ms: What a frame took `Segmenter` alone, where it ran beside.
        details: What the sink and the source noted of each frame.
    """

    sent: int
    labels: Sequence[tuple[int, float]]
    colors: int | None
    cpu_s: Mapping[str, float]
    late_ms: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)
    segment_ms: Sequence[float] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def latencies_ms(self) -> list[float]:
        """Of each label image the milliseconds from stamp to arrival."""
        return [latency for _, latency in self.labels]

    @property
    def answers_hz(self) -> float:
        """Label images per second, from the first to the last that arrived."""
        arrivals = sorted(stamp * 1e-9 + latency * 1e-3 for stamp, latency in self.labels)
        span = arrivals[-1] - arrivals[0] if arrivals else 0.0
        return (len(arrivals) - 1) / span if span > 0 else 0.0


def drive(contender: Contender, computation: Computation, course: Course) -> Run:
    """Put a contender to a course; all programs are started for it, and ended.

    Raises:
        TransportError: A program ended that should not have, or hung.
    """
    with ExitStack() as programs:

        def start(name: str, words: Sequence[str]) -> RosProgram:
            return programs.enter_context(running(name, words, course.domain_id))

        node = start(contender.module, contender.words(computation, course.setting.reliable))
        facts = node.event("ready", PATIENCE_S) if contender.says_ready else {}
        sink = start("image_sink", _sink_words(contender, course))
        sink.event("ready", PATIENCE_S)
        beside = None
        if contender.beside:
            beside = start("benchmarks.race.alone", _alone_words(computation, course))
            facts = beside.event("ready", PATIENCE_S)
        source = start("camera_source", _source_words(course))
        source.event("begun", PATIENCE_S)
        measured = {"source": source, "node": beside or node, "subscriber": sink}
        before = {name: program.cpu_s() for name, program in measured.items()}
        done = source.event("done", PATIENCE_S + course.seconds)
        cpu_s = {name: one.cpu_s() - before[name] for name, one in measured.items()}
        figures = sink.end("figures")
        samples = [] if beside is None else beside.end("figures")["samples"]
    return _run(contender, done, figures, cpu_s, facts, samples)


def _run(
    contender: Contender,
    done: Mapping[str, Any],
    figures: Mapping[str, Any],
    cpu_s: Mapping[str, float],
    facts: Mapping[str, str],
    samples: Sequence[tuple[int, float]],
) -> Run:
    """Put together what the programs said."""
    stamps = [stamp for stamp, _ in done["calls"]]
    return Run(
        sent=int(done["sent"]),
        labels=[(int(stamp), float(latency)) for stamp, latency in figures["labels"]],
        colors=int(figures["colors"]) if contender.has_colors else None,
        cpu_s=cpu_s,
        late_ms=float(done["late_ms"]),
        facts=facts or figures["diagnostics"].get(f"{NODE[1:]}: segmentation", {}),
        # Only while images were sent: that is the load to be measured under.
        segment_ms=[took for moment, took in samples if stamps[0] <= moment <= stamps[-1]],
        details={"calls": done["calls"], **{k: figures[k] for k in ("marks", "stages_ms")}},
    )


def _sink_words(contender: Contender, course: Course) -> list[str]:
    words = ["--labels", f"{NODE}/labels"]
    words += ["--color", f"{NODE}/color"] if contender.has_colors else []
    words += [] if course.setting.reliable else ["--best-effort"]
    words += ["--timing", NODE] if course.timing else []
    # At a low rate an answer may be longer on its way.
    return [*words, "--quiet", str(max(_QUIET_S, 3 / course.setting.rate_hz))]


def _source_words(course: Course) -> list[str]:
    words = [IMAGES, "--rate", str(course.setting.rate_hz), "--images", str(course.images)]
    words += ["--frames", str(course.frames), "--warm-up", str(course.warm_up)]
    words += [] if course.setting.reliable else ["--best-effort"]
    return [*words, "--depth", str(_DEPTH)]


def _alone_words(computation: Computation, course: Course) -> list[str]:
    rate, chosen = str(course.setting.rate_hz), computation
    words = ["--images", str(course.images), "--rate", rate, "--model", chosen.model]
    words += ["--network-size", chosen.network_size]
    return [*words, "--engine", chosen.engine, "--precision", chosen.precision]
