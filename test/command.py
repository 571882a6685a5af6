"""The `segmentation` command, run within the test's own process."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from segmentation_node.cli.app import app


def run(verb: str, *arguments: object) -> Result:
    """Run a verb; an error of ours is raised, as `main` gets it."""
    result = CliRunner().invoke(app, [verb, *(str(argument) for argument in arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
