"""Another node of the same name is told of, once."""

from __future__ import annotations

from segmentation_node.ros.namesakes import HELD_S, Namesakes

OURS, OTHER = ("segmentation_node", "/front"), ("segmentation_node", "/rear")


def test_a_second_node_of_one_name_is_told_of_once_while_it_is_there() -> None:
    logged: list[str] = []
    now = [5.0]
    namesakes = Namesakes("/front/segmentation_node", logged.append, lambda: now[0])
    assert namesakes.look([OURS, OTHER]) == ""
    assert namesakes.look([OURS, OURS, OTHER]) == ""
    now[0] += HELD_S + 1
    for _ in range(3):
        sentence = namesakes.look([OURS, OURS, OTHER])
    assert "received 2 nodes named /front/segmentation_node; expected one" in sentence
    assert "-r __node:=" in sentence
    assert logged == [sentence]
    assert namesakes.look([OURS, OTHER]) == ""
    # One that takes over is there beside the other for a moment.
    namesakes.look([OURS, OURS])
    now[0] += HELD_S / 2
    assert namesakes.look([OURS, OURS]) == ""
    assert len(logged) == 1


def test_the_root_namespace_is_a_namespace() -> None:
    logged: list[str] = []
    now = [5.0]
    namesakes = Namesakes("/segmentation_node", logged.append, lambda: now[0])
    both = [("segmentation_node", "/")] * 2
    namesakes.look(both)
    now[0] += HELD_S
    assert namesakes.look(both)
