"""The folder of built engines: for each key a plan and its manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from segmentation_node import __version__
from segmentation_node.engines.cache.key import EngineKey
from segmentation_node.engines.cache.manifest import Manifest, read_manifest, unusable
from segmentation_node.errors import EngineError, OutputError
from segmentation_node.files import at_home, user_cache, write_whole
from segmentation_node.trust import check_own_folder, distrust

ENVIRONMENT = "SEGMENTATION_ENGINE_CACHE"
"""Names the folder; without it the engines lie in the user's XDG cache directory."""

_OTHER_FOLDER = f"--cache or {ENVIRONMENT}"
_PLAN, _MANIFEST = ".plan", ".json"


def cache_folder() -> Path:
    """The folder of built engines on this machine."""
    named = os.environ.get(ENVIRONMENT)
    return at_home(named) if named else user_cache("engines")


@dataclass(frozen=True)
class Built:
    """What a builder made.

    Args:
        plan: The serialised engine.
        layers: How many layers with weights the network has, by the type that they compute in.
        build_ms: How long it took.
    """

    plan: bytes
    layers: Mapping[str, int]
    build_ms: int


@dataclass(frozen=True)
class Entry:
    """One engine of the cache.

    Args:
        name: Its key, as its files are named.
        plan: The plan's file.
        manifest: What is known of it; None where the manifest cannot be read.
        problem: Why it can be of no use anywhere; empty where it can.
    """

    name: str
    plan: Path
    manifest: Manifest | None
    problem: str = ""

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk."""
        return self.plan.stat().st_size if self.plan.is_file() else 0


class EngineStore:
    """Reads, writes and lists built engines.

    Args:
        folder: Where they lie; None for `cache_folder()`. It is made when one is written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder()

    def plan(self, name: str) -> Path:
        """The plan of an engine, by the name of its key."""
        return self.folder / (name + _PLAN)

    def manifest(self, name: str) -> Path:
        """What is known of that plan, as JSON."""
        return self.folder / (name + _MANIFEST)

    def lock(self, name: str) -> Path:
        """The file that the process holds which builds that plan."""
        return self.folder / (name + ".lock")

    def make_folder(self) -> None:
        """Make the folder, for this user alone: a plan is code that will be run.

        Raises:
            OutputError: It cannot be made or written to, or others can write to it too.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error.strerror) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise self._unwritable("it is read-only")
        check_own_folder(self.folder, _OTHER_FOLDER)

    def _unwritable(self, why: str | None) -> OutputError:
        return OutputError(
            received=f"{self.folder} ({why})",
            expected="a folder for built engines that can be written to",
            fix=f"name another with {_OTHER_FOLDER}",
        )

    def version_of(self, key: EngineKey) -> tuple[int, int] | None:
        """Tell one write of an engine from the next; None where there is none."""
        try:
            status = self.manifest(key.name).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def read(self, key: EngineKey) -> tuple[bytes, Manifest]:
        """Read an engine and check it against its manifest.

        Raises:
            EngineError: There is none, or it is not whole, or not what the key says, or somebody
                else may have written it; `received` is the reason in a few words.
        """
        _check_trust(self.folder, self.manifest(key.name), self.plan(key.name))
        manifest = read_manifest(self.manifest(key.name))
        if manifest.key != key:
            differences = ", ".join(key.differences(manifest.key))
            raise unusable(f"an engine of another kind under this key ({differences})")
        plan = _bytes_of(self.plan(key.name))
        _check_plan(plan, manifest)
        return plan, manifest

    def write(self, key: EngineKey, model: tuple[str, str], built: Built) -> Manifest:
        """Keep an engine: the plan first, so that no manifest speaks of a plan that is not there.

        Args:
            key: What it was built from.
            model: Name of the network, and of its ONNX file.
            built: What the builder made.

        Raises:
            OutputError: The folder cannot be written to.
        """
        manifest = describe(key, model, built)
        self.make_folder()
        write_whole(self.plan(key.name), built.plan)
        write_whole(self.manifest(key.name), manifest.to_json().encode())
        return manifest

    def entries(self) -> list[Entry]:
        """Every engine of the cache, whole or not, the newest first."""
        names = {path.stem for kind in (_PLAN, _MANIFEST) for path in self.folder.glob(f"*{kind}")}
        found = [self._entry(name) for name in names]
        return sorted(found, key=lambda e: e.manifest.built_at if e.manifest else "", reverse=True)

    def _entry(self, name: str) -> Entry:
        plan = self.plan(name)
        try:
            manifest = read_manifest(self.manifest(name))
        except EngineError as error:
            return Entry(name, plan, None, error.received)
        size = plan.stat().st_size if plan.is_file() else None
        if size != manifest.plan_bytes:
            return Entry(name, plan, manifest, _short(size, manifest))
        return Entry(name, plan, manifest)

    def find(self, start: str) -> Entry:
        """The one engine whose key begins with some digits.

        Raises:
            EngineError: There is none, or more than one.
        """
        found = [entry for entry in self.entries() if start and entry.name.startswith(start)]
        if len(found) != 1:
            raise EngineError(
                received=f"the key {start!r}, which {len(found)} engines in {self.folder} have",
                expected="the first digits of one engine's key",
                fix="segmentation engines list shows them",
            )
        return found[0]

    def remove(self, entry: Entry) -> None:
        """Remove an engine; the manifest first, so that nobody finds the plan any more.

        Raises:
            OutputError: It cannot be removed.
        """
        try:
            self.manifest(entry.name).unlink(missing_ok=True)
            self.plan(entry.name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error.strerror) from error


def describe(key: EngineKey, model: tuple[str, str], built: Built) -> Manifest:
    """Write down what an engine is."""
    return Manifest(
        key=key,
        model_name=model[0],
        model_file=model[1],
        plan_bytes=len(built.plan),
        plan_sha256=hashlib.sha256(built.plan).hexdigest(),
        built_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        build_ms=built.build_ms,
        package=__version__,
        layers=dict(built.layers),
    )


def _check_trust(*paths: Path) -> None:
    for path in paths:
        # What is not there, or may not be looked at, is told when it is read.
        with suppress(OSError):
            if why := distrust(path):
                raise unusable(f"{path}, {why}")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise unusable("a manifest without its plan") from error
    except OSError as error:
        raise unusable(f"an unreadable plan ({error.strerror})") from error


def _check_plan(plan: bytes, manifest: Manifest) -> None:
    if len(plan) != manifest.plan_bytes:
        raise unusable(_short(len(plan), manifest))
    if hashlib.sha256(plan).hexdigest() != manifest.plan_sha256:
        raise unusable("a damaged plan: its bytes are not those that were written")


def _short(size: int | None, manifest: Manifest) -> str:
    if size is None:
        return "a manifest without its plan"
    if size == 0:
        return "an empty plan"
    return f"a plan of {size} bytes where {manifest.plan_bytes} were written"
