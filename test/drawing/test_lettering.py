from __future__ import annotations

import numpy as np

from segmentation_node.drawing.lettering import PAPER, put_text, width_of


def test_text_is_written_where_it_is_asked_for_and_cut_at_the_edge() -> None:
    image = np.full((40, 60, 3), PAPER, np.uint8)
    end = put_text(image, "Road", 5, 20, 16)
    assert end == 5 + width_of("Road", 16)
    assert (image[:, :5] == PAPER).all() and (image != PAPER).any()
    put_text(image, "a long line of text", 50, 38, 16)
