from __future__ import annotations

import cv2
import pytest

from benchmarks.drift_cost import main, times_ms
from segmentation_node.core.encodings import ENCODINGS
from segmentation_node.core.geometry import NetworkSize


def test_every_encoding_has_a_row_and_the_threads_are_given_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    threads = cv2.getNumThreads()
    assert main(["--camera", "72x128", "--frames", "3"]) == 0
    assert cv2.getNumThreads() == threads
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split()[0] for row in rows] == list(ENCODINGS)
    assert all(len(row.split()) == 5 for row in rows)


def test_every_frame_is_timed_by_the_clock_and_by_the_processor() -> None:
    taken = times_ms("nv12", NetworkSize(72, 128), 4)
    assert taken.shape == (4, 2)
    assert (taken[:, 0] > 0).all()
