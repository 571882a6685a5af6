"""Imports run downward only, and heavy packages stay inside the rooms that need them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rooms import ROOMS, TOPMOST, Room

PACKAGE = "segmentation_node"
ROOT = Path(__file__).resolve().parent.parent / PACKAGE
ORDER = [room.name for room in ROOMS]


def files_of(room: Room) -> list[Path]:
    single = ROOT / f"{room.name}.py"
    return [single] if single.exists() else sorted((ROOT / room.name).rglob("*.py"))


def absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    parts = [PACKAGE, *path.relative_to(ROOT).parent.parts]
    return ".".join(
        [*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])]
    )


def imported_modules(path: Path) -> Iterator[str]:
    """Every module that the file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, path)
            # `from segmentation_node import errors` names a room in its second half.
            names = (f"{module}.{alias.name}" for alias in node.names)
            yield from names if module == PACKAGE else [module]


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 and parts[1] in ORDER else None


def complaint(room: Room, module: str) -> str | None:
    top = module.split(".", maxsplit=1)[0]
    if top == PACKAGE:
        other = room_of(module)
        if other is None or other == room.name:
            return None
        below = ORDER.index(other) < ORDER.index(room.name)
        return None if below and other not in TOPMOST else f"imports the room {other}"
    known = top in sys.stdlib_module_names or top in room.outside
    return None if known else f"imports {top}, which this room may not"


@pytest.mark.parametrize("room", ROOMS, ids=ORDER)
def test_room_imports_only_what_the_architecture_allows(room: Room) -> None:
    found = [
        f"{path.relative_to(ROOT)} {problem}"
        for path in files_of(room)
        for module in imported_modules(path)
        if (problem := complaint(room, module))
    ]
    assert not found


def test_every_module_stands_in_a_room() -> None:
    top_level = {path.stem if path.is_file() else path.name for path in ROOT.iterdir()}
    strangers = {name for name in top_level if not name.startswith("__")} - set(ORDER)
    assert strangers <= {"models", "py"}  # weights, and the py.typed marker


BLOCKED_IMPORT = """
import importlib, sys
allowed, blocked, modules = (arg.split(",") for arg in sys.argv[1:4])

class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in blocked and top not in allowed:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
for module in modules:
    importlib.import_module(module)
"""

HEAVY = sorted({name for room in ROOMS for name in room.outside} - {"numpy", "cv2"})


def dotted(path: Path) -> str:
    parts = [PACKAGE, *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("room", ROOMS, ids=ORDER)
def test_room_imports_with_every_package_of_other_rooms_missing(room: Room) -> None:
    """The same by running: what a lower room needs is allowed as well, the rest is blocked."""
    lower = ROOMS[: ORDER.index(room.name) + 1]
    reached = {name for other in lower if other.name in reachable(room) for name in other.outside}
    modules = [dotted(path) for path in files_of(room) if path.name != "__main__.py"]
    command = [sys.executable, "-c", BLOCKED_IMPORT, ",".join(reached), ",".join(HEAVY)]
    done = subprocess.run(
        [*command, ",".join(modules)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def reachable(room: Room) -> set[str]:
    """The rooms that a room's files import, directly or through others, and itself."""
    by_name = {other.name: other for other in ROOMS}
    seen, waiting = set(), [room.name]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        modules = (m for path in files_of(by_name[name]) for m in imported_modules(path))
        waiting += [other for module in modules if (other := room_of(module))]
    return seen


def test_the_node_starts_without_training_packages() -> None:
    code = (
        "import sys; import segmentation_node.ros.node, segmentation_node.ros.lifecycle_node; "
        "print(sorted({'torch','onnx','matplotlib','onnxruntime','typer'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
