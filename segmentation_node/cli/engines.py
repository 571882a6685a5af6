"""`segmentation engines`: what lies in the cache of built engines."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_node.cli.options import Cache, JsonFile, write_json

if TYPE_CHECKING:
    from segmentation_node.engines.cache import EngineStore
    from segmentation_node.engines.tensorrt_cached import CachedEngine


class Action(str, Enum):
    """What may be done with the engines."""

    LIST = "list"
    SHOW = "show"
    REMOVE = "remove"


def engines(
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.LIST,
    key: Annotated[str, typer.Argument(help="First digits of an engine's key.")] = "",
    *,
    all_of_them: Annotated[bool, typer.Option("--all", help="Remove every engine.")] = False,
    cache: Cache = None,
    json_file: JsonFile = None,
) -> None:
    """List, show or remove the engines that `segmentation build` and the node have built."""
    from segmentation_node.engines.cache import EngineStore  # noqa: PLC0415
    from segmentation_node.engines.tensorrt_cached import cached_engines  # noqa: PLC0415

    store = EngineStore(cache)
    if action is Action.REMOVE:
        _remove(store, key, all_of_them)
        return
    entry = store.find(key) if action is Action.SHOW else None
    found = [one for one in cached_engines(store) if entry is None or one.entry.name == entry.name]
    _print_one(found[0]) if entry else _print_all(store, found)
    report: dict[str, Any] = {"folder": str(store.folder)}
    write_json(json_file, report | {"engines": [one.to_mapping() for one in found]})


def _remove(store: EngineStore, key: str, all_of_them: bool) -> None:
    if bool(key) == all_of_them:
        raise typer.BadParameter("give the KEY of an engine, or --all")
    for entry in store.entries() if all_of_them else [store.find(key)]:
        store.remove(entry)
        typer.echo(f"removed {entry.name}")


def _print_one(one: CachedEngine) -> None:
    from segmentation_node.cli.screen import print_table  # noqa: PLC0415

    print_table(str(one.entry.plan), _rows(one))


def _print_all(store: EngineStore, found: Sequence[CachedEngine]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    size = sum(one.entry.size_bytes for one in found) / 1e6
    title = f"{len(found)} engines in {store.folder}, {size:.1f} MB"
    columns = ("key", "model", "precision", "input", "for", "by", "built (UTC)", "MB", "here")
    table = Table(*columns, title=title, title_justify="left")
    for one in found:
        style = "red" if one.why_not else "green"
        *cells, here = _cells(one)
        table.add_row(*map(Text, cells), Text(here, style=style))
    console = Console()
    # A table that is cut to a pipe's 80 columns tells nothing.
    Console(width=None if console.is_terminal else 180).print(table)


def _cells(one: CachedEngine) -> tuple[str, ...]:
    """Its row, as wide as the table."""
    known, size = one.entry.manifest, f"{one.entry.size_bytes / 1e6:.1f}"
    if known is None:
        return one.entry.name, *"??????", size, one.why_not
    key = known.key
    shape, library = "x".join(map(str, key.shape)), f"{key.flavour} {key.version}"
    made = (known.model_name, key.precision, shape, key.made_for, library, known.built_at[:16])
    return one.entry.name, *made, size, one.why_not or "runs"


def _rows(one: CachedEngine) -> dict[str, str]:
    """All that is known of it."""
    known, here = one.entry.manifest, {"here": one.why_not or "runs"}
    if known is None:
        return here
    layers = ", ".join(f"{count} in {name}" for name, count in known.layers.items())
    return {
        "ONNX": f"{known.model_file} ({known.key.model_sha256[:12]})",
        **{word: value for word, value in known.key.words.items() if value},
        "model": known.model_name,
        "layers with weights": layers,
        "built": f"{known.built_at} in {known.build_ms / 1e3:.1f} s, by {known.package}",
        "MB": f"{one.entry.size_bytes / 1e6:.1f}",
        **here,
    }
