from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from segmentation_node.ros.library_log import LIBRARY, LibraryLog


class Lines:
    """A node's logger, as far as it is used."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def info(self, text: str) -> None:
        self.said.append(("info", text))

    def warning(self, text: str) -> None:
        self.said.append(("warning", text))

    def error(self, text: str) -> None:
        raise RuntimeError("the context is gone")


@pytest.fixture
def library() -> Iterator[logging.Logger]:
    logger = logging.getLogger(LIBRARY)
    before = logger.level, logger.propagate
    yield logger
    logger.setLevel(before[0])
    logger.propagate = before[1]


def test_the_library_log_is_left_as_it_was_found(library: logging.Logger) -> None:
    library.setLevel(logging.ERROR)
    library.propagate = False
    LibraryLog(Lines()).close()
    assert (library.level, library.propagate) == (logging.ERROR, False)


def test_of_two_nodes_the_last_one_leaves_it_as_the_first_found_it(library: logging.Logger) -> None:
    library.setLevel(logging.DEBUG)
    library.propagate = True
    first, second = LibraryLog(Lines()), LibraryLog(Lines())
    first.close()
    assert not library.propagate
    second.close()
    second.close()
    assert (library.level, library.propagate) == (logging.DEBUG, True)


def test_who_logs_does_not_fail_because_the_nodes_log_is_gone(
    library: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines()
    log = LibraryLog(lines)
    library.error("lost")
    library.info("on")
    log.close()
    assert lines.said == [("info", "on")]
    assert "the context is gone" in capsys.readouterr().err
