"""The `segmentation` command itself: the list of verbs, the version, and how errors are shown.

Each verb lives in `cli/<verb>.py` as a function of the verb's name. Only its one-line help stands
here, so that `segmentation --help` imports none of them, nor NumPy, OpenCV or a runtime.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

# While this loads, which takes a moment, Ctrl-C would be a traceback.
_before = signal.getsignal(signal.SIGINT)
if _before is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

from segmentation_node import __version__  # noqa: E402
from segmentation_node.errors import SegmentationError, nearest  # noqa: E402
from segmentation_node.installing import without  # noqa: E402

try:
    import typer
    from typer.core import TyperCommand, TyperGroup
except ModuleNotFoundError as missing:
    sys.exit(f"error: {without(missing)}")
finally:
    if _before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _before)

VERBS = {
    "demo": "Run the node on a rendered drive, or your own, and leave pictures and figures.",
    "run": "Segment every frame of an image, a folder, a video or bags to the same kind.",
    "play": "Replay a bag's topics over ROS 2, for machines without `ros2 bag`.",
    "view": "Show a running node in a browser: input, overlay, legend and live timing.",
    "render": "Render a drive with exact labels to a bag, a video or a folder.",
    "summary": "List a network's layers: activations, parameters and operations.",
    "train": "Train a network, export it and score it, by one command.",
    "export": "Export a training run, or a network by name, to ONNX with its sidecar.",
    "quantize": "Quantise a network to INT8 or FP16 for TensorRT and OpenVINO, or check one.",
    "evaluate": "Score a model on a data set through the package's own pipeline.",
    "precision": "Compare precisions of a network: size, scores, agreement and latency.",
    "benchmark": "Measure networks: latency by stage, throughput, size, memory, score, energy.",
    "report": "Put machines' benchmarks side by side, with what was published.",
    "temperature": "Fit the temperature that makes a model's confidence how often it is right.",
    "build": "Build a TensorRT engine for a GPU and keep it in the cache.",
    "engines": "List, show or remove the engines in the cache.",
    "doctor": "Say what is installed, what works, and what to do about the rest.",
}


INTERRUPTED = 130
"""What shells give as the status of what Ctrl-C has ended: 128 and the signal's number."""


class _Interruption:
    """Raises KeyboardInterrupt on Ctrl-C as Python does, and remembers it."""

    has_come = False

    @classmethod
    def come(cls, _number: int, _frame: object) -> NoReturn:
        cls.has_come = True
        raise KeyboardInterrupt


def _stopped() -> typer.Exit:
    # What is impatient may interrupt no more: the interpreter would end with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    typer.echo("stopped", err=True)
    return typer.Exit(INTERRUPTED)


class LazyVerb(TyperCommand):
    """Stands for a verb in the list of commands; imports its file only when it is really used."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Hand over to the verb's own command, so that parsing and `--help` are its own."""
        return load_verb(str(self.name)).make_context(*args, **kwargs)


class Verb(TyperCommand):
    """A verb; a misspelt option is answered with the one that was meant, and no list of others."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            # Which class it is depends on the release of typer: newer ones bring a click of theirs.
            if type(error).__name__ == "NoSuchOption":
                self._guess(error)
            raise

    def _guess(self, error: Any) -> None:
        # Without the dashes, which make any two options alike.
        known = {
            word.lstrip("-"): word
            for option in self.params
            for word in (*option.opts, *option.secondary_opts)
            if word.startswith("--")
        }
        near = nearest(error.option_name.lstrip("-"), known)
        error.possibilities = [known[near]] if near else []


class VerbGroup(TyperGroup):
    """A command group whose members are the rows of `VERBS`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the verbs in the order of the table, which is the order of use."""
        return list(VERBS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; a misspelt one is answered with the nearest."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            meant = nearest(args[0], VERBS)
            hint = f"Did you mean {meant!r}?" if meant else f"The commands are {', '.join(VERBS)}."
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; Ctrl-C ends it with one word and the status that shells expect."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _stopped() from None
        except Exception:
            # Libraries that are interrupted while they load make something else of it.
            if _Interruption.has_come:
                raise _stopped() from None
            raise

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a stand-in that knows the name and the one line of help, or None."""
        if cmd_name not in VERBS:
            return None
        return LazyVerb(cmd_name, callback=None, help=VERBS[cmd_name])


def load_verb(name: str) -> Any:
    """Import `cli/<name>.py` and turn its function into a command."""
    module = importlib.import_module(f"segmentation_node.cli.{name}")
    function: Callable[..., Any] = getattr(module, name)
    single = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    single.command(name=name, cls=Verb)(function)
    return typer.main.get_command(single)


app = typer.Typer(
    cls=VerbGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segmentation_node {__version__}")
        raise typer.Exit


@app.callback()
def segmentation(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Semantic segmentation of driving scenes: on ROS 2 topics, bags, videos and images."""


def main() -> None:
    """Run the command; an error of ours is one red line on stderr and exit code 1."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Interruption.come)
    try:
        app(prog_name="segmentation")
    except KeyboardInterrupt:
        sys.exit(_stopped().exit_code)
    except ModuleNotFoundError as missing:
        _end_with(without(missing))
    except SegmentationError as error:
        _end_with(error)


def _end_with(error: SegmentationError) -> None:
    typer.secho(f"error: {error}", fg=typer.colors.RED, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
