"""Runs the node for a while at a camera's rate, lets it meet the faults of the road, and judges it.

Node, driver and listener are processes of their own, with images over DDS. The figures land in
soak.json, soak.md and soak.png; docs/reliability.md says what they mean.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.soak.plan import LONG_CYCLES, Plan
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import SegmentationError
from segmentation_node.files import write_whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak; the exit status is 1 where a phase failed, and 2 where there could be no soak."""
    options = _parser().parse_args(arguments)
    try:
        return _soak(_plan(options), options.output)
    except SegmentationError as error:
        print(error, file=sys.stderr)
        return 2


def _soak(plan: Plan, output: Path) -> int:
    from benchmarks.soak.chart import draw  # noqa: PLC0415 - takes a second
    from benchmarks.soak.run import is_met, soak  # noqa: PLC0415
    from benchmarks.soak.table import markdown  # noqa: PLC0415

    results = soak(plan, output, lambda what: print(what, file=sys.stderr, flush=True))
    write_whole(output / "soak.json", (json.dumps(results) + "\n").encode())
    write_whole(output / "soak.md", markdown(results).encode())
    draw(output / "soak.png", results)
    print(markdown(results), end="")
    return 0 if is_met(results) else 1


def _plan(options: argparse.Namespace) -> Plan:
    is_short = options.hours is None
    seconds = options.seconds if is_short else 3600 * options.hours
    cycles = Plan().cycles if is_short else LONG_CYCLES
    given = {
        "camera": options.camera,
        "rate_hz": options.rate,
        "model": options.model,
        "network_size": options.network_size,
        "precision": options.precision,
        "warm_up_s": options.warm_up,
        "hold_s": options.hold,
        "changes": options.changes,
        "cycles": cycles if options.cycles is None else options.cycles,
        "fuzz_runs": options.runs,
        "domain_id": options.domain,
    }
    return Plan(seconds=seconds, **given)


def _parser() -> argparse.ArgumentParser:
    parser, usual = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__), Plan()
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--seconds", type=float, default=usual.seconds, help="of images and nothing else"
    )
    length.add_argument("--hours", type=float, help="the same in hours")
    parser.add_argument("--warm-up", type=float, default=usual.warm_up_s, help="seconds before")
    parser.add_argument("--rate", type=float, default=usual.rate_hz, help="images per second")
    parser.add_argument("--camera", type=NetworkSize.parse, default=usual.camera)
    parser.add_argument("--model", default=usual.model)
    parser.add_argument("--network-size", default=usual.network_size)
    parser.add_argument("--precision", default=usual.precision)
    parser.add_argument("--hold", type=float, default=usual.hold_s, help="seconds of each fault")
    parser.add_argument("--changes", type=int, default=usual.changes, help="of parameters")
    parser.add_argument(
        "--cycles",
        type=int,
        help=f"of the node's life; {usual.cycles}, with --hours {LONG_CYCLES}",
    )
    parser.add_argument("--runs", type=int, default=usual.fuzz_runs, help="inputs of each reader")
    parser.add_argument("--domain", type=int, default=usual.domain_id, help="that nobody is in")
    parser.add_argument("--output", type=Path, default=Path("soak"), help="folder of the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
