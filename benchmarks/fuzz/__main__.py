"""Fuzzes every reader of bytes from outside, and prints what was found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.fuzz.campaign import Limits, Outcome, fuzz, table
from benchmarks.fuzz.targets import TARGETS
from segmentation_node.errors import SegmentationError
from segmentation_node.files import write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; the exit status is 1 where something was found, 2 where nothing could be fuzzed."""
    parser = argparse.ArgumentParser(prog="benchmarks.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--runs", type=int, default=100_000, help="inputs for each target")
    parser.add_argument("--seconds", type=int, default=0, help="at most, for each target; 0: any")
    parser.add_argument("--output", type=Path, default=Path("fuzz"), help="inputs and findings")
    given = parser.parse_args(arguments)
    outcomes: list[Outcome] = []
    try:
        for name in given.targets or TARGETS:
            print(f"fuzzing {name}", file=sys.stderr)
            outcomes.append(fuzz(name, given.output, Limits(given.runs, given.seconds)))
    except SegmentationError as error:
        print(error, file=sys.stderr)
        return 2
    rows = [asdict(outcome) for outcome in outcomes]
    write_json(given.output / "fuzz.json", rows)
    print(table(outcomes))
    return int(any(outcome.finding for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
