from __future__ import annotations

import numpy as np

from segmentation_node.pipeline import Buffers, Outputs, Segmentation


def test_a_copy_keeps_what_the_buffers_lose() -> None:
    buffers = Buffers.allocate(3, 4, Outputs(color=True, overlay=True))
    for array in (buffers.labels, buffers.color, buffers.overlay):
        assert array is not None
        array.fill(1)
    result = Segmentation.of(buffers, {"total": 1.0}, 5, "camera")
    kept = result.copy()
    for array in (buffers.labels, buffers.color, buffers.overlay):
        assert array is not None
        array.fill(2)
    assert (result.labels == 2).all()
    assert (kept.labels == 1).all()
    assert kept.color is not None
    assert (np.asarray(kept.color) == 1).all()
    assert kept.confidence is None
    assert (kept.stamp_ns, kept.frame_id, kept.stages_ms) == (5, "camera", {"total": 1.0})
