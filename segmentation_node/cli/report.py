"""`segmentation report`: benchmarks of several machines side by side, with what was published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="benchmark.json of each machine.")
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it as Markdown here as well."),
    ] = None,
) -> None:
    """Put benchmarks side by side, in the form of the paper's tables 10 to 13 and the article's.

    Published figures stand in columns of their own, which say so.
    """
    # Imported here: NumPy and OpenCV take a while, and `--help` should not wait for them.
    from segmentation_node.bench.benchmark.table import about  # noqa: PLC0415
    from segmentation_node.bench.report.run import (  # noqa: PLC0415
        read_machines,
        report_markdown,
        report_tables,
    )
    from segmentation_node.cli.scores import print_tables  # noqa: PLC0415
    from segmentation_node.files import write_whole  # noqa: PLC0415

    machines = read_machines(files)
    if output is not None:
        write_whole(output, report_markdown(machines).encode())
    for machine in machines:
        typer.echo(f"{machine.name}: {about(machine.figures)}")
    print_tables(report_tables(machines))
