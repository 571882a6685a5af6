"""Loads an engine from the cache, or builds it: once, by one process, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from segmentation_node.engines.cache.key import EngineKey
from segmentation_node.engines.cache.lock import locked
from segmentation_node.engines.cache.manifest import Manifest
from segmentation_node.engines.cache.store import Built, EngineStore, describe
from segmentation_node.errors import EngineError, OutputError

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Maker(Protocol[T_co]):
    """Builds plans and loads them: TensorRT, or what a test puts in its place."""

    def build(self) -> Built:
        """Build the plan; an EngineError or ModelError says why it cannot be."""

    def load(self, plan: bytes) -> T_co:
        """Turn a plan into what is wanted of it; an EngineError says why it cannot be."""


@dataclass(frozen=True)
class Obtained(Generic[T_co]):
    """An engine, and how it was come by.

    Args:
        engine: What the maker loads.
        manifest: What it was built from.
        is_new: Whether it was built now.
        reason: Why it was built, in a few words; empty where it was in the cache.
        warning: Why it could not be kept; empty where it was.
    """

    engine: T_co
    manifest: Manifest
    is_new: bool = False
    reason: str = ""
    warning: str = ""


def obtain(
    store: EngineStore,
    key: EngineKey,
    model: tuple[str, str],
    maker: Maker[T],
    on_wait: Callable[[str], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_build: Callable[[str], None] = lambda _: None,
) -> Obtained[T]:
    """Load an engine from the cache; where that fails for any reason, build it once.

    Args:
        store: The cache.
        key: What the engine must be built from.
        model: Name of the network, and of its ONNX file.
        maker: Builds and loads.
        on_wait: Told once, in one sentence, where another process is building it.
        is_cancelled: Asked while waiting for that process.
        on_build: Told before it is built: why, in a few words.

    Raises:
        EngineError: It cannot be built, or what was built now cannot be loaded either.
        ModelError: The model cannot be built.
    """
    seen = store.version_of(key)
    try:
        return _from_cache(store, key, maker)
    except EngineError as error:
        reason = error.received if seen else _why_missing(store, key, model[0])
    with _lock(store, key, on_wait, is_cancelled) as warning:
        if store.version_of(key) not in {None, seen}:
            # Another process built it while this one waited for the lock.
            try:
                return _from_cache(store, key, maker)
            except EngineError as error:
                reason = error.received
        on_build(reason)
        return _build(store, key, model, maker, reason, warning)


def _from_cache(store: EngineStore, key: EngineKey, maker: Maker[T]) -> Obtained[T]:
    plan, manifest = store.read(key)
    return Obtained(maker.load(plan), manifest)


def _build(
    store: EngineStore,
    key: EngineKey,
    model: tuple[str, str],
    maker: Maker[T],
    reason: str,
    warning: str,
) -> Obtained[T]:
    built = maker.build()
    # Loaded before it is kept: what cannot be loaded here and now is of no use to anybody.
    engine = maker.load(built.plan)
    manifest = describe(key, model, built)
    if not warning:
        try:
            manifest = store.write(key, model, built)
        except OutputError as error:
            warning = error.received
    return Obtained(engine, manifest, is_new=True, reason=reason, warning=warning)


@contextmanager
def _lock(
    store: EngineStore,
    key: EngineKey,
    on_wait: Callable[[str], None],
    is_cancelled: Callable[[], bool],
) -> Iterator[str]:
    """Hold the engine's lock; gives why there is none, where the folder cannot be written to."""
    with ExitStack() as held:
        warning = ""
        try:
            store.make_folder()
            held.enter_context(locked(store.lock(key.name), on_wait, is_cancelled))
        except OutputError as error:
            warning = error.received
        except OSError as error:
            warning = f"{store.folder} (it cannot be locked: {error.strerror})"
        yield warning


def _why_missing(store: EngineStore, key: EngineKey, model_name: str) -> str:
    """Say what is new: the engine that comes nearest may have been built by another TensorRT."""
    kin = [
        key.differences(entry.manifest.key)
        for entry in store.entries()
        if entry.manifest
        and entry.manifest.model_name == model_name
        and entry.manifest.key.precision == key.precision
        and entry.manifest.key.shape == key.shape
    ]
    if not kin:
        return "no engine of this kind in the cache"
    nearest = min(kin, key=len)
    return f"the nearest engine in the cache is for {', '.join(nearest)}"
