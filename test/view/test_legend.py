from __future__ import annotations

import json

import pytest

from segmentation_node.errors import FrameError
from segmentation_node.view.legend import MOST_CLASSES, page_legend

ROAD = {"name": "road", "color": [128, 64, 128], "id": 0}


def test_the_page_is_told_names_and_colours_and_nothing_else() -> None:
    text = json.dumps({"classes": [ROAD, {"name": "sky", "color": [1, 2, 3]}], "more": "x" * 9})
    assert page_legend(text) == {
        "classes": [
            {"name": "road", "color": [128, 64, 128]},
            {"name": "sky", "color": [1, 2, 3]},
        ]
    }


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "roads are violet", "null", "[]", "3", '"classes"', "{}", "[" * 100_000),
        *('{"classes": null}', '{"classes": {"a": 1}}', '{"classes": [1]}', '{"classes": "road"}'),
        *(json.dumps({"classes": [one]}) for one in ({"name": "a"}, {"color": [1, 2, 3]}, None)),
        *(
            json.dumps({"classes": [{**ROAD, "color": color}]})
            for color in (None, 7, [1, 2], [1, 2, 3, 4], ["red", 0, 0], [float("nan"), 0, 0], [[]])
        ),
        '{"classes": [{"name": "a", "color": [1e999, 0, 0]}]}',
    ],
)
def test_what_is_no_legend_is_one_sentence_that_can_be_shown(text: str) -> None:
    with pytest.raises(
        FrameError, match=r"received the legend .*; expected JSON.*; fix: "
    ) as caught:
        page_legend(text)
    assert len(str(caught.value)) < 400


def test_a_legend_without_end_is_cut_short() -> None:
    assert len(page_legend(json.dumps({"classes": [ROAD] * 5000}))["classes"]) == MOST_CLASSES
