"""`segmentation evaluate`: scores of models on a data set, and of models beside one another."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_node.cli.options import (
    ClassMap,
    Engine,
    Format,
    JsonFile,
    Limit,
    Precision,
    Size,
    Split,
    write_json,
)
from segmentation_node.errors import ConfigError

if TYPE_CHECKING:
    from segmentation_node.bench.evaluation import Evaluation

_DEFAULT = "camvid"
_FORMAT = "auto"


def evaluate(
    *,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the data set.")
    ] = None,
    form: Format = _FORMAT,
    split: Split = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="Shipped name or path of an ONNX; more than once to compare."
        ),
    ] = None,
    engine: Engine = "auto",
    precision: Precision = "auto",
    size: Size = None,
    class_map: ClassMap = "",
    limit: Limit = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART", help="Score by condition, size or distance as well; more than once."
        ),
    ] = None,
    horizon: Annotated[
        float | None,
        typer.Option(metavar="F", help="Row of the horizon over the image's height, for distance."),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Draw confusion matrix and worst frames here."),
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Put scores of an earlier --json beside; more than once."
        ),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Put the paper's figures (Cityscapes) beside.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Score models on a data set through the package's own pipeline, and compare their scores.

    Every score carries its network size, fit and precision. With `--compare` alone nothing is
    run: earlier results are put side by side.
    """
    # Imported here: OpenCV and the runtime take a second, and `--help` should not wait for them.
    from segmentation_node.bench.comparison import comparison, read_scores  # noqa: PLC0415
    from segmentation_node.bench.part_tables import part_tables  # noqa: PLC0415
    from segmentation_node.bench.published import SCORES  # noqa: PLC0415
    from segmentation_node.cli.scores import print_scores, print_tables  # noqa: PLC0415

    if data is None:
        _check_none_given(
            model=model,
            format=form != _FORMAT,
            split=split,
            engine=engine != "auto",
            precision=precision != "auto",
            size=size,
            class_map=class_map,
            limit=limit,
            by=by,
            pictures=pictures,
        )
    _check_horizon(horizon, by or ())
    # Read first: a wrong file should not be found after an hour of scoring.
    earlier = [score for path in compare or () for score in read_scores(path)]
    scores: list[dict[str, Any]] = []
    if data is not None:
        from segmentation_node.bench.evaluation import Evaluation  # noqa: PLC0415
        from segmentation_node.datasets import checked_dataset  # noqa: PLC0415

        wanted = Evaluation(
            checked_dataset(form, data, split, limit), tuple(by or ()), horizon, pictures
        )
        opening = {"engine": engine, "precision": precision, "network_size": size}
        scores += _score(wanted, model or [_DEFAULT], class_map, opening)
    scores += earlier
    if not scores:
        raise ConfigError("nothing to score", "a data set, or scores", "give --data or --compare")
    # Written before tables of classes that do not go together can be refused.
    write_json(json_file, scores[0] if len(scores) == 1 else _several(scores))
    print_scores(scores)
    print_tables(comparison(scores, SCORES if published else None))
    for score in scores:
        print_tables(part_tables(score))


def _check_none_given(**options: object) -> None:
    """Check that nothing is asked of a scoring that does not take place."""
    if given := [f"--{name.replace('_', '-')}" for name, value in options.items() if value]:
        raise ConfigError(
            received=f"{', '.join(given)} without --data",
            expected="a data set to score on",
            fix="give --data DIR, or leave the option out",
        )


def _check_horizon(horizon: float | None, by: Collection[str]) -> None:
    if horizon is not None and "distance" not in by:
        raise ConfigError(
            received=f"--horizon {horizon:g} without --by distance",
            expected="a horizon for distances alone",
            fix="add --by distance, or leave the option out",
        )


def _score(
    wanted: Evaluation, models: Iterable[str], class_map: str, opening: dict[str, Any]
) -> list[dict[str, Any]]:
    from segmentation_node.cli.screen import step_bars  # noqa: PLC0415
    from segmentation_node.pipeline import Segmenter  # noqa: PLC0415
    from segmentation_node.pipeline.view import View  # noqa: PLC0415

    view = View.parse(class_map=class_map)
    scores = []
    with step_bars() as bars:
        for name in models:
            with Segmenter.load(name, view=view, **opening) as segmenter:
                scores.append(wanted.score(segmenter, lambda *at, name=name: bars(name, *at)))
    return scores


def _several(scores: list[dict[str, Any]]) -> dict[str, Any]:
    return {"miou": scores[0]["miou"], "scores": scores}
