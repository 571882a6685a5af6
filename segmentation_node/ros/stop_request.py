"""Ctrl-C and SIGTERM as a request that a program answers when it is ready to."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM)

SAME_WISH_S = 3.0
"""Seconds in which further signals are the same wish.

Ctrl-C in the terminal of `ros2 launch` reaches a node twice: from the terminal, and from launch
0.02 to 0.25 s later.
"""


class Wishes:
    """Tells a new wish to end from further signals of the same one.

    Args:
        same_wish_s: Seconds after a wish in which signals are the same one.
    """

    def __init__(self, same_wish_s: float = SAME_WISH_S) -> None:
        self._same_wish_s = same_wish_s
        self._last_s: float | None = None

    def is_new(self) -> bool:
        """Whether the signal that has just come is a wish of its own."""
        now_s = time.monotonic()
        if self._last_s is not None and now_s - self._last_s < self._same_wish_s:
            return False
        self._last_s = now_s
        return True


def ignore_signals() -> None:
    """Ignore them from here to the end of the process, which has put everything away."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class StopRequest:
    """Notes the first signal in peace; one that insists raises KeyboardInterrupt where it strikes.

    rclpy's own handlers shut its context down at once, so that whatever is being made or published
    at that moment fails. Here the context lives until the program has put everything away.

    Python runs its signal handlers only between two instructions of the main thread, which may be
    waiting for messages: a pipe that the interpreter writes to at once wakes a thread instead.

    Args:
        same_wish_s: Seconds after a signal in which others are the same wish. Later ones insist.
    """

    def __init__(self, same_wish_s: float = SAME_WISH_S) -> None:
        self._wishes = Wishes(same_wish_s)
        self._is_noted = False
        self._asked = threading.Event()
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

    def close(self) -> None:
        """Put the handlers back that were there before."""
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self.tell(lambda: None)
        os.write(self._write_end, b"\0")
        self._watcher.join()
        os.close(self._write_end)
        os.close(self._read_end)

    def _note(self, _number: int, _frame: object) -> None:
        self._asked.set()
        if self._wishes.is_new():
            insists, self._is_noted = self._is_noted, True
            if insists:
                raise KeyboardInterrupt

    def _watch(self) -> None:
        # The pipe gets the number of every signal that Python handles, and 0 from `close`.
        while number := ord(os.read(self._read_end, 1)):
            if number in SIGNALS:
                self._asked.set()
                # The program may be ending already, and what is to be called be gone.
                with contextlib.suppress(Exception):
                    self._on_request()
