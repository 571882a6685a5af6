"""`segmentation view`: a running node in a browser."""

from __future__ import annotations

import os
from typing import Annotated

import typer


def view(
    node: Annotated[str, typer.Argument(help="Full name of the node.")] = "/segmentation_node",
    *,
    camera: Annotated[str, typer.Option(help="Which of several cameras, by its name.")] = "",
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 lets everybody in the network look.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any.")] = 8470,
    allow_name: Annotated[
        list[str] | None,
        typer.Option(help="Host name by which browsers may call this machine; may be repeated."),
    ] = None,
    rate: Annotated[float, typer.Option(help="Most pictures per second of each stream.")] = 15.0,
    quality: Annotated[int, typer.Option(help="JPEG quality, 1 to 100.")] = 80,
    compressed: Annotated[
        bool, typer.Option("--compressed", help="Take the overlay compressed, over a network.")
    ] = False,
) -> None:
    """Show a running node in a browser: input, overlay, legend and live timing.

    The page is on this machine alone unless `--host` says otherwise. Pictures are made only while a
    browser looks. Ctrl-C ends it.
    """
    words = ["--node", node, "--camera", camera, "--host", host, "--port", str(port)]
    words += ["--rate-hz", str(rate), "--quality", str(quality)]
    words += ["--compressed"] if compressed else []
    _run([*words, "--names", *allow_name] if allow_name else words)


def _run(words: list[str]) -> None:
    """Run the viewer as a process of its own, under the settings that images need over DDS."""
    import queue  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from segmentation_node.demo.programs import Event, Program, require_ros  # noqa: PLC0415
    from segmentation_node.transport import environment  # noqa: PLC0415
    from segmentation_node.view.library import require_server_library  # noqa: PLC0415

    require_ros()
    require_server_library()
    events: queue.Queue[Event] = queue.Queue()
    command = ["-m", "segmentation_node.ros.viewer", *words, "--events"]
    # SIGTERM ends it as Ctrl-C does: the other process is ended with this one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    surroundings = {**os.environ, **environment()}
    with Program("viewer", command, surroundings, events, on_line=_complain) as viewer:
        try:
            while (event := events.get()).name != "ended":
                _say(event.values["address"])
        except KeyboardInterrupt:
            return
        code = viewer.wait()
    if code:
        raise typer.Exit(code)


def _say(address: str) -> None:
    typer.echo(f"look at {address} (Ctrl-C ends)")
    if not address.startswith(("http://127.", "http://[::1]")):
        typer.echo("everybody who reaches this machine sees the pictures: there is no password")


def _complain(line: str) -> None:
    typer.secho(line, err=True, fg=typer.colors.RED if line.startswith("error:") else None)
