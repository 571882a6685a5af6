from __future__ import annotations

import numpy as np
import pytest

from segmentation_node.errors import OutputError
from segmentation_node.media.images import read_image
from segmentation_node.training.curves import draw_curves, smoothed


def history(steps, scored=True):
    return [
        {
            "iteration": step,
            "loss": 3.0 / step,
            "learning_rate": 1e-4 if step <= steps // 2 else 1e-5,
            "seconds": float(step),
            **({"miou": {"camvid/val": 0.01 * step}} if scored and step % 5 == 0 else {}),
        }
        for step in range(1, steps + 1)
    ]


def test_draws_a_picture_that_depends_on_the_run(tmp_path):
    draw_curves(tmp_path / "a.png", history(20), "paper_fcn8s: fcn8s")
    draw_curves(tmp_path / "b.png", history(30), "paper_fcn8s: fcn8s")
    first, second = read_image(tmp_path / "a.png"), read_image(tmp_path / "b.png")
    assert first.shape == second.shape
    assert first.std() > 10
    assert (first != second).any()


@pytest.mark.parametrize("steps", [1, 3])
def test_a_run_without_scores_has_curves_as_well(tmp_path, steps):
    draw_curves(tmp_path / "a.png", history(steps, scored=False), "short")
    assert read_image(tmp_path / "a.png").size


def test_a_point_of_the_smooth_curve_looks_back_only():
    assert smoothed([4.0, 2.0, 0.0, 0.0], 2) == [4.0, 3.0, 1.0, 0.0]
    assert smoothed([4.0, 2.0], 10) == [4.0, 3.0]
    values = np.linspace(0, 1, 7).tolist()
    assert smoothed(values, 1) == pytest.approx(values)


def test_a_picture_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        draw_curves(tmp_path / "file" / "a.png", history(2), "x")
