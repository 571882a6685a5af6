"""`segmentation doctor`: a table of what is installed, what works, and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Annotated

import typer

from segmentation_node.cli.options import JsonFile, write_json
from segmentation_node.doctor.finding import Finding

COLORS = {"ok": "green", "warn": "yellow", "missing": "red"}


def doctor(
    json: JsonFile = None,
    clean_shm: Annotated[
        bool,
        typer.Option("--clean-shm", help="Remove what your killed processes left in /dev/shm."),
    ] = False,
    dds_environment: Annotated[
        bool,
        typer.Option(
            "--dds-environment",
            help="Print the settings for images over DDS as shell commands, for a camera driver.",
        ),
    ] = False,
    camera: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC",
            help="Listen to a running camera instead, and say how many of its images arrive: best "
            "effort and reliable, with and without the settings for images over DDS.",
        ),
    ] = None,
) -> None:
    """Say what is installed, what works, and what to do about the rest.

    The exit status is 0 unless something is broken without which nothing works.
    """
    from segmentation_node import doctor as room  # noqa: PLC0415

    if dds_environment:
        _print_environment()
        return
    if clean_shm:
        typer.echo(room.clean_shared_memory())
        return
    findings = _show(room.examine() if camera is None else room.examine_camera(camera))
    report = room.report(findings)
    write_json(json, report)
    raise typer.Exit(code=0 if report["works"] else 1)


def _print_environment() -> None:
    """Print `export` lines; the notes go to stderr, where `eval` does not see them."""
    from segmentation_node.transport import tidy_plan  # noqa: PLC0415

    chosen = tidy_plan()
    for name, text in chosen.variables.items():
        typer.echo(f"export {name}={shlex.quote(text)}")
    for note in (*chosen.notes, *chosen.warnings):
        typer.echo(note, err=True)


def _show(findings: Iterable[Finding]) -> list[Finding]:
    """Fill the table row by row, since some things take seconds to try."""
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("part", "", "what", "found", "what to do")
    shown: list[Finding] = []
    console = Console(width=None if Console().is_terminal else 160)
    with Live(table, console=console, auto_refresh=False, vertical_overflow="visible") as live:
        for finding in findings:
            is_first = not shown or shown[-1].topic != finding.topic
            if is_first:
                table.add_section()
            shown.append(finding)
            texts = (finding.name, finding.found, finding.remedy)
            mark = Text(finding.status, style=COLORS[finding.status])
            # As Text, since brackets in a plain string are markup.
            table.add_row(finding.topic if is_first else "", mark, *map(Text, texts))
            live.refresh()
    return shown
