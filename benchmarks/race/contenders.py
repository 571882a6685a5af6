"""Who takes part in the race, and how each is started."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.cameras import parameter_words
from segmentation_node.errors import ConfigError

OURS, ECHO, ALONE = "ours", "echo", "alone"
NAIVE, NAIVE_ENGINE = "naive", "naive_engine"

_NAIVE_NODE = "benchmarks.naive_node"
_ECHO_NODE = "benchmarks.race.echo_node"


@dataclass(frozen=True)
class Computation:
    """What every contender computes.

    Args:
        model: Name of a shipped model, or path of an .onnx file.
        network_size: Size of the network's input as the node takes it, `auto` for our node alone.
        engine: Our engine, as the node takes it.
        precision: Its precision, as the node takes it.
        target_rate_hz: What `auto` is to hold.
        mode: Which frames our node answers: the `latest`, or `every` one.
    """

    model: str = "camvid"
    network_size: str = "default"
    engine: str = "auto"
    precision: str = "auto"
    target_rate_hz: float = 30.0
    mode: str = "latest"


Words = Callable[[Computation, bool], list[str]]
"""The command line: what is computed, and whether images are asked for reliably."""


@dataclass(frozen=True)
class Contender:
    """One that takes part.

    Args:
        title: What to call it in a table.
        module: The program, by its full name, or by its name in `ros/`.
        words: Its command line.
        packages: What must be installed for it.
        has_colors: Whether it publishes colour images as well.
        says_ready: Whether the program says that it is, beside having its topics.
        beside: Whether `Segmenter` computes the same frames in a process of its own meanwhile.
    """

    title: str
    module: str
    words: Words
    packages: tuple[str, ...] = ()
    has_colors: bool = True
    says_ready: bool = True
    beside: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that are not installed."""
        return tuple(name for name in self.packages if importlib.util.find_spec(name) is None)


def _our_words(computation: Computation, reliable: bool) -> list[str]:
    qos = "reliable" if reliable else "sensor_data"
    return parameter_words({"image_topic": "/camera/image_raw", "qos": qos, **vars(computation)})


def _naive_words(*more: str) -> Words:
    def words(computation: Computation, reliable: bool) -> list[str]:
        size = computation.network_size
        sized = [] if size == "default" else ["--network-size", size]
        return ["--model", computation.model, *sized, *more, *_reliably(reliable)]

    return words


def _engine_words(computation: Computation, reliable: bool) -> list[str]:
    ours = ("--engine", computation.engine, "--precision", computation.precision)
    return _naive_words("--network", "engine", *ours)(computation, reliable)


def _reliably(reliable: bool) -> list[str]:
    return ["--reliable"] if reliable else []


def _echo_words(_: Computation, reliable: bool) -> list[str]:
    return _reliably(reliable)


CONTENDERS: Mapping[str, Contender] = {
    OURS: Contender("this node", "node", _our_words, says_ready=False),
    NAIVE: Contender(
        "naive, ONNX Runtime",
        _NAIVE_NODE,
        _naive_words("--network", "onnxruntime"),
        ("onnxruntime",),
    ),
    "naive_coarse": Contender(
        "the same, labels enlarged",
        _NAIVE_NODE,
        _naive_words("--network", "onnxruntime", "--coarse"),
        ("onnxruntime",),
    ),
    NAIVE_ENGINE: Contender("naive, our engine", _NAIVE_NODE, _engine_words),
    "naive_torch": Contender(
        "naive, PyTorch", _NAIVE_NODE, _naive_words("--network", "torch"), ("torch", "onnx")
    ),
    ECHO: Contender("echo, nothing computed", _ECHO_NODE, _echo_words, has_colors=False),
    ALONE: Contender(
        "echo, Segmenter beside it", _ECHO_NODE, _echo_words, has_colors=False, beside=True
    ),
}
"""By name. The last two are references: what the way costs, and what the frame costs."""

RACERS = tuple(name for name, one in CONTENDERS.items() if one.module != _ECHO_NODE)
"""Those that answer with labels of their own making."""

JUDGED = (OURS, NAIVE, NAIVE_ENGINE)
"""Those of them that a goal compares."""


def check_names(names: tuple[str, ...]) -> None:
    """Check that there are such contenders.

    Raises:
        ConfigError: There is one that there is not, or none.
    """
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown or not names:
        raise ConfigError(
            received=f"the contenders {', '.join(names) or 'none'}",
            expected="some of " + ", ".join(CONTENDERS),
            fix="name these",
        )
