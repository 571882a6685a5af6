"""Ctrl-C and SIGTERM as a request that a program answers when it is ready to."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM)


SAME_WISH_S = 5.0
"""Seconds in which further signals are the same wish: a terminal sends Ctrl-C to every process, and
`ros2 launch` sends a signal of its own after it."""


class Insistence:
    """Tells the first signal, those that repeat it, and one that insists from each other."""

    def __init__(self) -> None:
        self._first_s: float | None = None

    def is_first(self) -> bool:
        """Take note of a signal; give whether it is the first.

        Raises:
            KeyboardInterrupt: It came `SAME_WISH_S` after the first. Raised once: what is put away
                because of it is not interrupted again.
        """
        now_s = time.monotonic()
        if self._first_s is None:
            self._first_s = now_s
            return True
        if now_s - self._first_s > SAME_WISH_S:
            self._first_s = math.inf
            raise KeyboardInterrupt
        return False


def interrupt_on_signals() -> None:
    """Have SIGINT and SIGTERM raise KeyboardInterrupt, once for each wish to end."""
    wish = Insistence()

    def note(_number: int, _frame: object) -> None:
        if wish.is_first():
            raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, note)


class StopRequest:
    """Notes the first signal; one that comes `SAME_WISH_S` later raises KeyboardInterrupt.

    rclpy's own handlers shut its context down at once, so that whatever is being made or published
    at that moment fails. Here the context lives until the program has put everything away.

    Python runs its signal handlers only between two instructions of the main thread, which may be
    waiting for messages: a pipe that the interpreter writes to at once wakes a thread instead.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._wish = Insistence()
        self._on_request: Callable[[], None] = lambda: None
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._old_wakeup = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        self._old_handlers = {one: signal.signal(one, self._note) for one in SIGNALS}
        self._watcher = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._watcher.start()

    @property
    def asked(self) -> bool:
        """Whether the program was asked to stop."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask the program to stop, as a signal would."""
        self._asked.set()

    def tell(self, on_request: Callable[[], None]) -> None:
        """Name what is called, on a thread of its own, when the request comes."""
        self._on_request = on_request

    def close(self, *, ends_process: bool = False) -> None:
        """Put the handlers back that were there before.

        Args:
            ends_process: Leave the signals ignored instead: nothing but the end is to come, and a
                signal that repeats the first must not spoil the exit status.
        """
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._old_handlers.items():
            signal.signal(number, signal.SIG_IGN if ends_process else handler)
        self.tell(lambda: None)
        os.write(self._write_end, b"\0")
        self._watcher.join()
        os.close(self._write_end)
        os.close(self._read_end)

    def _note(self, _number: int, _frame: object) -> None:
        self._asked.set()
        self._wish.is_first()

    def _watch(self) -> None:
        # The pipe gets the number of every signal that Python handles, and 0 from `close`.
        while number := ord(os.read(self._read_end, 1)):
            if number in SIGNALS:
                self._asked.set()
                # The program may be ending already, and what is to be called be gone.
                with contextlib.suppress(Exception):
                    self._on_request()
