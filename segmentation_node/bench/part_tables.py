"""The parts of a score as tables: by condition, by size, by distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from segmentation_node.bench.comparison import Table, percent

Score = Mapping[str, Any]


def part_tables(score: Score) -> tuple[Table, ...]:
    """A table for each part that a score has.

    Args:
        score: From `bench.evaluation`.
    """
    tables: list[Table] = []
    if "by_condition" in score:
        tables.append(_by_condition(score))
    if "by_size" in score:
        tables.append(_things("Things by size: IoU, %", score["by_size"], size_heads(score)))
    if "by_distance" in score:
        tables += _by_distance(score["by_distance"])
    if "instances" in score:
        tables.append(_instances(score))
    whose = "{model}, {network_size} {fit}, {precision}".format(**score)
    return tuple(replace(table, title=f"{whose}\n{table.title}") for table in tables)


def _by_condition(score: Score) -> Table:
    groups: Score = score["by_condition"]
    classes = [name for name, iou in score["per_class"].items() if iou is not None]
    rows = [
        (name, *(percent(group["per_class"][name]) for group in groups.values()))
        for name in classes
    ]
    rows.append(("mean", *(percent(group["miou"]) for group in groups.values())))
    heads = (f"{name}\n{group['frames']} frames" for name, group in groups.items())
    return Table("By condition: IoU, %", ("class", *heads), tuple(rows))


def size_heads(score: Score) -> list[str]:
    """Heads for the bands of size: their names, and where they end.

    Args:
        score: With the part `by_size`.
    """
    below = score["by_size"]["below_px"]
    last = max(below.values())
    return [
        f"{name}\n< {below[name]} px" if name in below else f"{name}\n≥ {last} px"
        for name in score["by_size"]["bands"]
    ]


def _things(title: str, part: Score, heads: Sequence[str]) -> Table:
    """IoU of each class and band, and beneath them the means of all three figures."""
    rows = [
        (name, *(_cell(bands[band]) for band in part["bands"]))
        for name, bands in part["per_class"].items()
        if any(cell["things"] for cell in bands.values())
    ]
    means = {"mean IoU": "iou", "mean recall of pixels": "recall", "mean things found": "found"}
    rows += [
        (what, *(percent(part["mean"][band][key]) for band in part["bands"]))
        for what, key in means.items()
    ]
    return Table(title, ("class (things)", *heads), tuple(rows))


def _cell(cell: Score) -> str:
    return f"{percent(cell['iou'])} ({cell['things']})" if cell["things"] else "–"


def _by_distance(part: Score) -> tuple[Table, Table]:
    heads = _distance_heads(part)
    rows: Score = part["rows"]
    title = f"By distance, all classes by row: IoU, % (horizon: {_horizon(part['horizon'])})"
    feet = "By distance, road users by their foot: IoU, %"
    return Table(title, ("class", *heads), _by_row(rows)), _things(feet, part["road_users"], heads)


def _horizon(found: Score) -> str:
    """Its source, and where it lies, in percent of the image's height."""
    low, high = min(found["fractions"].values()), max(found["fractions"].values())
    between = percent(low) if low == high else f"{percent(low)} to {percent(high)}"
    return f"{found['source']}, at {between} % of the height"


def _by_row(rows: Score) -> tuple[tuple[str, ...], ...]:
    bands = list(rows.values())
    cells = [
        (name, *(percent(band["per_class"][name]) for band in bands))
        for name in bands[0]["per_class"]
        if any(band["per_class"][name] is not None for band in bands)
    ]
    for what, key in {"mean": "miou", "pixel accuracy": "pixel_accuracy"}.items():
        cells.append((what, *(percent(band[key]) for band in bands)))
    return tuple(cells)


def _distance_heads(part: Score) -> tuple[str, ...]:
    below = part["below_fraction"]
    edges = [f"{100 * edge:g}" for edge in below.values()]
    ranges = [
        "the horizon",
        *(f"{low} to {high} % below" for low, high in pairwise(edges)),
        f"> {edges[-1]} % below",
    ]
    return tuple(f"{name}\n{span}" for name, span in zip(part["rows"], ranges, strict=True))


def _instances(score: Score) -> Table:
    part = score["instances"]
    rows = [
        (name, percent(score[key].get(name)), percent(iou))
        for key in ("per_class", "per_category")
        for name, iou in part[key].items()
        if iou is not None
    ]
    rows += [
        ("mean of classes", percent(score["miou"]), percent(part["iiou"])),
        ("mean of categories", percent(score["category_miou"]), percent(part["category_iiou"])),
    ]
    return Table("Weighted by instance: %", ("class or category", "IoU", "iIoU"), tuple(rows))
