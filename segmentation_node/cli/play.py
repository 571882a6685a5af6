"""`segmentation play`: a bag on ROS 2 topics."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from segmentation_node.cli.options import JsonFile, write_json


def play(
    bag: Annotated[Path, typer.Argument(help="A bag: its folder, or its .mcap or .db3 file.")],
    *,
    rate: Annotated[float, typer.Option(help="Speed; 2 is twice as fast.")] = 1.0,
    start: Annotated[float, typer.Option(help="Seconds to leave out at the beginning.")] = 0.0,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    clock: Annotated[
        bool, typer.Option("--clock", help="Publish the bag's time on /clock.")
    ] = False,
    restamp: Annotated[
        bool, typer.Option("--restamp", help="Move header stamps to the moment of publishing.")
    ] = False,
    topics: Annotated[
        list[str] | None,
        typer.Option(help="Only these; repeat the option, or separate them by commas."),
    ] = None,
    decode: Annotated[
        bool,
        typer.Option(
            "--decode", help="Publish compressed images (and raw ones named by --topics) as bgr8."
        ),
    ] = False,
    wait: Annotated[
        float, typer.Option(help="Longest time to wait for a subscriber of the images, seconds.")
    ] = 1.0,
    json_file: JsonFile = None,
) -> None:
    """Replay a bag's topics over ROS 2, in time, for machines without `ros2 bag`.

    Messages go out as they were recorded. Topics of a type whose package is not installed here are
    left out and named.
    """
    words = [str(bag), "--rate", str(rate), "--start", str(start), "--wait", str(wait)]
    flags = {"--loop": loop, "--clock": clock, "--restamp": restamp, "--decode": decode}
    words += [name for name, is_set in flags.items() if is_set]
    wanted = [name for given in topics or [] for name in given.split(",")]
    figures = _run([*words, "--topics", *wanted] if wanted else words)
    write_json(json_file, figures)
    typer.echo("{sent} messages, up to {late_ms[max]:.1f} ms late".format(**figures))


def _run(words: list[str]) -> dict[str, Any]:
    """Run the player as a process of its own, under the settings that images need over DDS."""
    from segmentation_node.demo.programs import require_ros  # noqa: PLC0415

    require_ros()
    try:
        return _played(words)
    except KeyboardInterrupt:
        # The way to end a replay, and no failure. A terminal and `ros2 launch` say it twice.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        typer.echo("stopped", err=True)
        raise typer.Exit(0) from None


def _played(words: list[str]) -> dict[str, Any]:
    import queue  # noqa: PLC0415

    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.demo.programs import Event, Program  # noqa: PLC0415
    from segmentation_node.transport import environment  # noqa: PLC0415

    events: queue.Queue[Event] = queue.Queue()
    figures: dict[str, Any] = {}
    command = ["-m", "segmentation_node.ros.player", *words, "--events"]
    with (
        step_bars() as bars,
        Program(
            "player", command, {**os.environ, **environment()}, events, on_line=_complain
        ) as player,
    ):
        while (event := events.get()).name != "ended":
            if event.name == "progress":
                bars("play", event.values["sent"], event.values["total"])
            if event.name == "finished":
                figures = dict(event.values)
                bars("play", figures["sent"], figures["sent"])
        code = player.wait()
    if code:
        raise typer.Exit(code)
    return figures


def _complain(line: str) -> None:
    typer.secho(line, err=True, fg=typer.colors.RED if line.startswith("error:") else None)
