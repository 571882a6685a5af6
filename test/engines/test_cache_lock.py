from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from segmentation_node.engines.cache.lock import locked
from segmentation_node.errors import EngineError

HOLDER = """
import sys, time
from pathlib import Path
from segmentation_node.engines.cache.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.lock"


@pytest.fixture
def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_free_lock_is_taken_without_a_word_and_leaves_nothing(path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with locked(path, said.append):
            assert path.read_text() == str(os.getpid())
    assert not said
    assert not path.exists()


def test_who_waits_is_told_for_whom(path: Path, holder: subprocess.Popen[str]) -> None:
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        holder.kill()

    with locked(path, tell):
        assert said == [f"waiting for process {holder.pid}, which is building this engine"]


def test_a_killed_holder_locks_nobody_out(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert path.exists()
    with locked(path, on_wait=pytest.fail):
        pass


def test_a_wait_can_be_ended(path: Path, holder: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(EngineError, match="a request to stop"),
        locked(path, is_cancelled=lambda: True),
    ):
        pytest.fail("the lock was held by another")
    assert holder.poll() is None


def test_threads_of_one_process_shut_each_other_out(path: Path) -> None:
    inside, seen = [], []

    def work() -> None:
        with locked(path):
            inside.append(1)
            seen.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [1] * 8
