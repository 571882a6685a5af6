"""The race as tables."""

from __future__ import annotations

from made_up_race import race, result

from benchmarks.race.table import markdown, tables


def test_each_course_has_a_table_with_ratios_to_ours() -> None:
    made = list(tables(race()["results"]))
    assert [table.title for table in made] == [
        "720x1280 at 5 Hz, reliable",
        "720x1280 at 30 Hz, reliable",
        "What the node adds to the computing and the way",
    ]
    ours, naive, echo, _ = (dict(zip(made[0].head, row, strict=True)) for row in made[0].rows)
    assert ours["times our p50"] == "1.00"
    assert (naive["p50 ms"], naive["times our p50"]) == ("40.00", "4.00")
    assert echo["times our p50"] == ""  # a reference is not raced against


def test_what_the_node_adds_is_told_for_each_course() -> None:
    added = list(tables(race()["results"]))[-1]
    assert added.rows[1] == (
        "720x1280 at 30 Hz, reliable",
        "10.00",
        "6.00",
        "3.00",
        "1.00",
    )


def test_who_answered_nothing_has_empty_cells() -> None:
    silent = result("naive", 1.0, sent=4, labels=[], colors=0)
    [table] = tables([result("ours", 10.0), silent])
    row = dict(zip(table.head, table.rows[1], strict=True))
    assert (row["lost"], row["p50 ms"], row["times our p50"]) == ("4", "", "")


def test_goals_load_and_what_went_wrong_are_told() -> None:
    goal = {"text": "no frame lost", "worst": 2.0, "where": "here", "verdict": "not met"}
    wrong = {"left_out": {"naive_torch": "not installed: torch"}, "failures": ["round 1: a crash"]}
    text = markdown(race(goals=[goal], **wrong))
    assert "- no frame lost: **not met** (worst 2.00, here)" in text
    assert "others kept 0.25 cores busy" in text
    assert "- left out: naive_torch (not installed: torch)" in text
    assert "- failed: round 1: a crash" in text
    assert "5 Hz (720x1280)" in text
