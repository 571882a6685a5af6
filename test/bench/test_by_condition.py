from __future__ import annotations

import numpy as np
from parrot import answer

from segmentation_node.bench.by_condition import ByCondition

ROAD, SKY = np.full((4, 4), 3, np.uint8), np.zeros((4, 4), np.uint8)


def test_each_group_has_scores_of_its_own() -> None:
    tally = ByCondition()
    tally.add(answer(ROAD, ROAD, "night_1"))
    tally.add(answer(ROAD, SKY, "night_2"))
    tally.add(answer(SKY, SKY, "day_1"))
    result = tally.result()
    assert list(result) == ["day", "night"]
    assert result["day"]["miou"] == 1
    assert result["night"]["frames"] == 2
    assert result["night"]["per_class"]["Road"] == 0.5
    assert result["day"]["per_class"]["Road"] is None
