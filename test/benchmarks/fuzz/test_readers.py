"""Whatever bytes come from outside, a reader answers or raises one of the package's errors."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import Edit, edits, mutated

from benchmarks.fuzz.targets import TARGETS, Reader, Target
from segmentation_node.errors import FrameError

EXAMPLES = 250


@cache
def opened(name: str) -> tuple[Reader, list[bytes]]:
    target = TARGETS[name]
    return target.reader(Path(mkdtemp(prefix=f"fuzz-{name}-"))), target.seeds()


@pytest.mark.parametrize("name", TARGETS)
def test_whole_examples_are_read(name: str, tmp_path: Path) -> None:
    read = TARGETS[name].opened(tmp_path)
    for seed in TARGETS[name].seeds():
        read(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_bytes_get_an_answer_or_an_error_of_ours(name: str) -> None:
    read, seeds = opened(name)

    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(st.sampled_from(seeds), edits())
    def survives(seed: bytes, done: list[Edit]) -> None:
        read(mutated(seed, done))

    survives()


def test_another_error_is_a_finding(tmp_path: Path) -> None:
    def careless(data: bytes) -> None:
        if data == b"bad":
            raise FrameError("bad", "good", "mend it")
        raise IndexError("careless")

    read = Target(lambda: [b""], lambda _: careless).reader(tmp_path)
    read(b"bad")
    with pytest.raises(IndexError, match="careless"):
        read(b"")
