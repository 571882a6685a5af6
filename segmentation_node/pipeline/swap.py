"""Exchanges what frames are computed with while they are computed.

    ask ──▶ loading thread ──▶ computing thread, between two frames ──▶ settled
            prepare (seconds)  switch (at once; closes the old one)     (either thread)

The old one serves every frame until the new one is ready, and stays where anything fails.

Two calls make the new one. `prepare` takes its time, on the loading thread, and may use nothing
that belongs to the thread that computes; once something else is wanted it may give up. `switch`
runs on that thread and should take no longer than a frame may wait: there an engine is opened whose
runtime wants to live and die on one thread, as CUDA contexts may, from what `prepare` has built.

Until the switch both are in memory.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from segmentation_node.errors import EngineError

Wanted = TypeVar("Wanted")
Ready = TypeVar("Ready")

_log = logging.getLogger("segmentation_node")

_LOOK_S = 1.0
"""Seconds between two looks at whether the thread that is waited for still runs."""


class _GivenUpError(Exception):
    """What was being made ready is not wanted any more."""


class Swap(Generic[Wanted, Ready]):
    """Brings about what was asked for last.

    Args:
        running: What runs now.
        prepare: Makes what is wanted ready (loading thread). It is given what tells, from any
            thread, whether that is wanted still; once it is not, it may raise what it likes.
        switch: Takes it into use (computing thread, between two frames); the old one must still
            work where it raises.
        discard: Frees what was made ready and is not wanted any more.
        between_frames: Has something done on the computing thread between two frames.
        settled: Called (loading thread) when nothing is being exchanged any more.
        has_ended: Whether the computing thread does nothing any more; asked now and then while it
            is waited for.
    """

    def __init__(
        self,
        running: Wanted,
        prepare: Callable[[Wanted, Callable[[], bool]], Ready],
        switch: Callable[[Ready], None],
        discard: Callable[[Ready], None],
        between_frames: Callable[[Callable[[], None]], None],
        settled: Callable[[], None],
        has_ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._running = self._wanted = running
        self._prepare = prepare
        self._switch = switch
        self._discard = discard
        self._between_frames = between_frames
        self._settled = settled
        self._has_ended = has_ended
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failure: tuple[Wanted, Exception] | None = None
        self._closing = False

    @property
    def running(self) -> Wanted:
        """What frames are computed with now."""
        return self._running

    @property
    def pending(self) -> Wanted | None:
        """What is being made ready; None where nothing is."""
        with self._lock:
            return None if self._wanted == self._running else self._wanted

    @property
    def failure(self) -> tuple[Wanted, Exception] | None:
        """What the latest attempt was to bring, and why it failed; None where it did not."""
        return self._failure

    def ask(self, wanted: Wanted) -> None:
        """Change to something else, soon; what was asked for before and is not in use is dropped.

        Args:
            wanted: What is to run; what runs already ends an attempt.
        """
        with self._lock:
            if wanted == self._wanted or self._closing:
                return
            self._wanted, self._failure = wanted, None
            if wanted == self._running or self._thread is not None:
                return
            self._thread = threading.Thread(target=self._load, name="load")
            self._thread.start()

    def close(self) -> None:
        """Give up what is not in use; returns when nothing is being made ready any more."""
        with self._lock:
            self._closing, self._wanted = True, self._running
            thread = self._thread
        if thread is not None:
            thread.join()

    def _load(self) -> None:
        while (wanted := self._next()) is not None:
            try:
                error = self._attempt(wanted)
            except Exception as found:
                error = found
            with self._lock:
                if self._wanted != wanted or isinstance(error, _GivenUpError):
                    continue  # something else is wanted by now, or was in between
                if error is not None:
                    self._wanted, self._failure = self._running, (wanted, error)
            try:
                self._settled()
            except Exception:
                # This thread must come to its end in `_next`: without, nothing could be asked for.
                _log.exception("what came of a change could not be told")

    def _next(self) -> Wanted | None:
        with self._lock:
            # At the end nothing is brought back either: a switch may have come in between.
            if self._closing or self._wanted == self._running:
                self._thread = None
                return None
            return self._wanted

    def _attempt(self, wanted: Wanted) -> Exception | None:
        """Make one thing ready and take it into use; give the error where it failed."""
        given_up = threading.Event()

        def is_wanted() -> bool:
            # Once it was not, it stays so: what was told to stop does not go on.
            if not self._wants(wanted):
                given_up.set()
            return not given_up.is_set()

        try:
            ready = self._prepare(wanted, is_wanted)
        except Exception as error:
            # Of whatever kind: the old one runs on.
            return _GivenUpError() if given_up.is_set() else error
        ended = threading.Event()
        errors: list[Exception] = []
        self._between_frames(partial(self._take_over, wanted, ready, errors, ended))
        while not ended.wait(_LOOK_S):
            # Asked first and waited for once more: the switch may be the last thing that it did.
            if self._has_ended() and not ended.wait(0):
                try:
                    self._discard(ready)
                except Exception:
                    _log.exception("what was made ready could not be freed")
                return EngineError(
                    received="a computing thread that has ended",
                    expected="one that takes the new network into use",
                    fix="read in the log why it ended, and start the node again",
                )
        return errors[0] if errors else None

    def _wants(self, wanted: Wanted) -> bool:
        with self._lock:
            return wanted == self._wanted

    def _take_over(
        self, wanted: Wanted, ready: Ready, errors: list[Exception], ended: threading.Event
    ) -> None:
        is_wanted = self._wants(wanted)
        try:
            if is_wanted:
                self._switch(ready)
                with self._lock:
                    self._running = wanted
        except Exception as error:
            errors.append(error)
        try:
            if errors or not is_wanted:
                self._discard(ready)
        finally:
            # Else the loading thread, and whoever closes this, would wait for ever.
            ended.set()
