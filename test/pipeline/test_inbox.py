"""The inbox: whose turn it is, and what is replaced."""

from __future__ import annotations

import math

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.pipeline.gathering import Gathering, Turn
from segmentation_node.pipeline.inbox import Inbox


def taken(inbox: Inbox[str]) -> list[str]:
    found = []
    while cameras := inbox.turn(1, 0.0).cameras:
        found += [inbox.take(camera) for camera in cameras]
    return found


def test_cameras_take_turns_and_each_keeps_its_order() -> None:
    inbox: Inbox[str] = Inbox(3, "every", queue_size=5)
    for item in ("a1", "a2", "a3"):
        inbox.put(item, 0)
    inbox.put("c1", 2)
    inbox.put("b1", 1)
    assert len(inbox) == 5
    assert taken(inbox) == ["a1", "b1", "c1", "a2", "a3"]
    assert len(inbox) == 0


def test_the_turn_is_remembered_while_nothing_waits() -> None:
    inbox: Inbox[str] = Inbox(2)
    inbox.put("a", 0)
    assert taken(inbox) == ["a"]
    inbox.put("a", 0)
    inbox.put("b", 1)
    assert taken(inbox) == ["b", "a"]


def test_a_camera_that_may_not_be_served_is_passed_over() -> None:
    inbox: Inbox[str] = Inbox(2)
    inbox.put("a", 0)
    inbox.put("b", 1)
    assert inbox.turn(1, 0.0, lambda camera: camera != 0) == Turn((1,))
    assert inbox.turn(1, 0.0, lambda _: False) == Turn()


def test_latest_replaces_and_always_has_room() -> None:
    inbox: Inbox[str] = Inbox(2)
    assert [inbox.put(item) for item in ("old", "new")] == [0, 1]
    assert inbox.has_room()
    assert taken(inbox) == ["new"]


def test_every_is_full_for_one_camera_alone_and_dropping_counts() -> None:
    inbox: Inbox[str] = Inbox(2, "every", queue_size=2)
    for item in ("1", "2"):
        assert inbox.put(item, 1) == 0
    assert inbox.has_room(0)
    assert not inbox.has_room(1)
    assert inbox.clear() == [0, 2]
    assert inbox.has_room(1)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="latest or every"):
        Inbox(1, "sometimes")


MS = 1e-3


def gathering(cameras: int = 3, mode: str = "latest", stamped: bool = False) -> Inbox[int]:
    """An inbox that gathers within 5 ms; items are their own stamps in milliseconds, if any."""
    stamp_ns = (lambda item: item * 10**6) if stamped else (lambda _: 0)
    return Inbox(cameras, mode, 10, Gathering(5 * MS, stamp_ns))


def take(inbox: Inbox[int], turn: Turn) -> list[int]:
    return [inbox.take(camera) for camera in reversed(turn.cameras)][::-1]


def test_frames_within_the_tolerance_go_together_and_when_all_are_there_at_once() -> None:
    inbox = gathering()
    for camera, now_s in ((1, 0.0), (0, 3 * MS), (2, 5 * MS)):
        inbox.put(camera, camera, now_s)
    assert inbox.turn(3, 5 * MS) == Turn((0, 1, 2))
    assert inbox.turn(1, 5 * MS) == Turn((0,))
    assert inbox.turn(2, 5 * MS) == Turn((0, 1))


def test_a_late_camera_is_waited_for_from_the_first_arrival_on() -> None:
    inbox = gathering()
    inbox.put(1, 1, 10 * MS)
    inbox.put(0, 0, 12 * MS)
    assert inbox.turn(3, 12 * MS) == Turn(until_s=15 * MS)
    assert inbox.turn(3, 15 * MS) == Turn((0, 1))


def waits(inbox: Inbox[int], arrivals: list[tuple[int, int]]) -> list[int]:
    """Serve frames as they come, (camera, ms) each; give the times at which one had to wait."""
    waited, until_s = [], math.inf
    for camera, now_ms in arrivals:
        if until_s <= now_ms * MS:
            take(inbox, inbox.turn(2, until_s))
        inbox.put(now_ms, camera, now_ms * MS)
        turn = inbox.turn(2, now_ms * MS)
        take(inbox, turn)
        until_s = turn.until_s or math.inf
        waited += [now_ms] if turn.until_s else []
    return waited


def test_a_camera_that_falls_silent_is_waited_for_once_and_again_when_it_has_come_back() -> None:
    lost = [(0, 0), (1, 1), (0, 33), (1, 34), (0, 66), (0, 99), (0, 132)]
    back = [(1, 133), (0, 165), (1, 166), (0, 198), (1, 199)]
    assert waits(gathering(2), [*lost, *back]) == [0, 66, 198]


def test_cameras_that_nobody_triggers_together_wait_once_and_never_again() -> None:
    apart = [(camera, 33 * frame + 12 * camera) for frame in range(5) for camera in range(2)]
    assert waits(gathering(2, stamped=True), apart) == [0]


def test_a_camera_of_twice_the_rate_is_waited_for_by_the_one_that_it_goes_with() -> None:
    # Camera 0 sends every 16 ms, and camera 1 with every second of these, a moment earlier.
    sent = [(0, 102), (1, 133), (0, 134), (0, 150), (1, 166), (0, 167), (0, 183), (1, 199)]
    assert waits(gathering(2), [(1, 100), *sent, (0, 200)]) == [100, 166, 199]


def test_frames_that_are_apart_do_not_go_together_nor_wait() -> None:
    inbox = gathering(2)
    inbox.put(0, 0, 0.0)
    inbox.put(1, 1, 6 * MS)
    assert inbox.turn(2, 6 * MS) == Turn((0,))
    inbox.take(0)
    inbox.put(2, 0, 20 * MS)
    assert inbox.turn(2, 20 * MS) == Turn((1,))


@pytest.mark.parametrize(("stamps", "near"), [((40, 45), True), ((40, 46), False), ((0, 46), True)])
def test_stamps_decide_where_both_have_one(stamps: tuple[int, int], near: bool) -> None:
    inbox = gathering(2, stamped=True)
    for camera, stamp in enumerate(stamps):
        inbox.put(stamp, camera, 1.0)
    assert inbox.turn(2, 1.0) == Turn((0, 1) if near else (0,))


def test_the_turn_goes_on_after_the_one_whose_turn_it_was() -> None:
    inbox = gathering(3, "every", stamped=True)
    for camera, stamps in enumerate(([10, 20], [11, 21], [90])):
        for stamp in stamps:
            inbox.put(stamp, camera, 1.0)
    assert take(inbox, inbox.turn(3, 1.0)) == [10, 11]
    # Camera 1 comes next, and its frame brings that of camera 0; then it is camera 2.
    assert take(inbox, inbox.turn(3, 1.0)) == [21, 20]
    assert take(inbox, inbox.turn(3, 2.0)) == [90]


def test_who_may_not_be_served_goes_with_nobody() -> None:
    inbox = gathering(2)
    for camera in range(2):
        inbox.put(camera, camera, 1.0)
    assert inbox.turn(2, 1.0, lambda camera: camera == 1) == Turn((1,))
    assert inbox.turn(2, 1.0, lambda _: False) == Turn()


def test_a_frame_that_is_replaced_while_it_waits_for_others_prolongs_no_wait() -> None:
    inbox = gathering(2)
    for now_ms in (0, 30):
        inbox.put(now_ms, 1, now_ms * MS)
        inbox.take(1)
    for now_ms in (58, 60, 62):
        inbox.put(now_ms, 0, now_ms * MS)
        assert inbox.turn(2, now_ms * MS) == Turn(until_s=63 * MS)
    assert take(inbox, inbox.turn(2, 63 * MS)) == [62]
    # One that waited for the engine is not meant: for the one in its place others are waited for.
    inbox.put(50, 0, 50 * MS)
    inbox.put(60, 0, 60 * MS)
    assert inbox.turn(2, 60 * MS) == Turn(until_s=65 * MS)


def test_queues_that_a_lost_frame_has_put_out_of_step_come_into_step_again() -> None:
    inbox = gathering(2, "every", stamped=True)
    inbox.put(66, 0, 66 * MS)
    inbox.take(0)
    for stamp in (100, 133, 166):
        inbox.put(stamp, 0, stamp * MS)
        if stamp > 100:
            inbox.put(stamp + 1, 1, (stamp + 1) * MS)
    # It would be the turn of camera 1, whose first frame belongs to the second one of camera 0.
    found = [take(inbox, inbox.turn(2, 1.0)) for _ in range(3)]
    assert found == [[100], [133, 134], [166, 167]]
