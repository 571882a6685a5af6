"""How the small programs of this room begin and end; the node has its own way (`stop_request`)."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from segmentation_node.errors import SegmentationError
from segmentation_node.ros.stop_request import SIGNALS, Wishes, ignore_signals
from segmentation_node.transport import prepare_process

INTERRUPTED = 130
"""What shells give as the status of what Ctrl-C has ended: 128 and the signal's number."""


def run_program(work: Callable[[], None], interrupted: int = 0) -> int:
    """Run a program; an error of ours is one line on stderr.

    Args:
        work: What it does. Ctrl-C and SIGTERM raise KeyboardInterrupt in it: `finally` runs,
            undisturbed by further signals of the same wish.
        interrupted: The exit status of a program that was told to end: no failure, unless somebody
            waits for its work to be done (`INTERRUPTED`).

    Returns:
        The exit status: 1 after an error of ours, `interrupted` where it was told to end.
    """
    _end_on_signals()
    prepare_process()
    try:
        work()
    except SegmentationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        ignore_signals()
        return interrupted
    return 0


def _end_on_signals() -> None:
    wishes = Wishes()

    def end(_number: int, _frame: object) -> None:
        if wishes.is_new():
            raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, end)
