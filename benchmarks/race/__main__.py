"""Our node against those that people write first, over real DDS between processes.

Camera, node and subscriber are processes of their own. All contenders take turns on each course
(size of the image, rate, quality of service). With --sustained our node runs alone, at the largest
network size that holds the rate; with --profile every frame's way is cut into its parts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.race.contenders import CONTENDERS, Computation
from benchmarks.race.plan import CAMERAS, Plan
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import SegmentationError
from segmentation_node.files import write_json, write_whole
from segmentation_node.pipeline.inbox import MODES

QUALITIES = ("best_effort", "reliable")
RACE_S, SUSTAINED_S, PROFILE_S = 60.0, 600.0, 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; the exit status is 1 unless every goal is met, 2 where nothing can be measured."""
    options = _parser().parse_args(arguments)
    try:
        if options.sustained:
            return _sustain(options)
        return _profile(options) if options.profile else _race(options)
    except SegmentationError as error:
        print(error, file=sys.stderr)
        return 2


def _race(options: argparse.Namespace) -> int:
    from benchmarks.race.chart import draw_race  # noqa: PLC0415 - takes a second
    from benchmarks.race.run import race  # noqa: PLC0415
    from benchmarks.race.table import goals, markdown  # noqa: PLC0415

    figures = race(_plan(options, RACE_S), _tell)
    _write(options.output, "race", figures, markdown(figures))
    draw_race(options.output / "race.png", figures)
    print(markdown(figures))
    print(goals(figures), end="")
    return 0 if all(goal["is_met"] for goal in figures["goals"]) else 1


def _sustain(options: argparse.Namespace) -> int:
    from benchmarks.race.sustained import sustain, verdict  # noqa: PLC0415

    figures = sustain(_plan(options, SUSTAINED_S, network_size="auto"), _tell)
    _write(options.output, "sustained", figures, f"{verdict(figures)}\n")
    print(verdict(figures))
    return 0 if figures["is_real_time"] else 1


def _profile(options: argparse.Namespace) -> int:
    from benchmarks.race.chart import draw_profile  # noqa: PLC0415
    from benchmarks.race.profile import profile, table  # noqa: PLC0415
    from segmentation_node.training.markdown import markdown_table  # noqa: PLC0415

    figures = profile(_plan(options, PROFILE_S), _tell)
    made = table(figures)
    text = f"## {made.title}\n\n{markdown_table(made.head, made.rows)}"
    _write(options.output, "profile", figures, text)
    draw_profile(options.output / "profile.png", figures)
    print(text)
    return 0


def _plan(options: argparse.Namespace, seconds: float, network_size: str = "default") -> Plan:
    size = options.network_size or network_size
    return Plan(
        cameras=tuple(options.cameras),
        rate_hz=options.rate,
        slow_rate_hz=options.slow_rate,
        qualities=tuple(one == "reliable" for one in options.qos),
        seconds=seconds if options.seconds is None else options.seconds,
        rounds=options.rounds,
        warm_up_s=options.warm_up,
        trial_s=options.trial,
        names=tuple(options.contenders),
        computation=Computation(
            options.model, size, options.engine, options.precision, mode=options.mode
        ),
        images=options.images,
        domain_id=options.domain,
    )


def _write(folder: Path, name: str, figures: dict[str, Any], text: str) -> None:
    write_json(folder / f"{name}.json", figures)
    write_whole(folder / f"{name}.md", text.encode())


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.race", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--sustained", action="store_true", help="our node alone, ten minutes")
    what.add_argument("--profile", action="store_true", help="where every millisecond goes")
    parser.add_argument("--cameras", type=NetworkSize.parse, nargs="+", default=CAMERAS)
    parser.add_argument("--rate", type=float, default=30.0, help="images per second")
    parser.add_argument("--slow-rate", type=float, help="to judge the goals at; else by a trial")
    parser.add_argument("--qos", nargs="+", choices=QUALITIES, default=QUALITIES)
    parser.add_argument("--seconds", type=float, help="of each contender on each course, all told")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender")
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds before each turn")
    parser.add_argument("--trial", type=float, default=8.0, help="seconds of the trial")
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--model", default="camvid")
    parser.add_argument("--network-size", help="default, auto (our node alone) or HEIGHTxWIDTH")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--mode", choices=MODES, default=MODES[0], help="of our node")
    parser.add_argument("--images", type=Path, help="folder of images; a rendered drive otherwise")
    parser.add_argument("--domain", type=int, default=97, help="ROS domain that nobody is in")
    parser.add_argument("--output", type=Path, default=Path("race"), help="folder of the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
