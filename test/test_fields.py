from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation_node.errors import ConfigError, ModelError
from segmentation_node.fields import (
    DEEPEST_JSON,
    LARGEST_YAML_BYTES,
    Fields,
    dump_yaml,
    parse_json,
    read_yaml,
    shown,
)


def fields(**values: Any) -> Fields:
    return Fields(values, "drive.yaml", ModelError)


def test_values_of_the_right_type_are_read() -> None:
    one = fields(text="a", count=3, flag=True, pair=[1, 2], scale=[0.5, 2], pairs=[[1, 2], [3, 4]])
    assert one.text("text") == "a"
    assert one.integer("count", 0, 3) == 3
    assert one.flag("flag", default=False) is True
    assert one.integers("pair", 2, 0, 9) == (1, 2)
    assert one.numbers("scale", 2, 0, 9) == (0.5, 2.0)
    assert one.integer_lists("pairs", 2, 0, 9) == [(1, 2), (3, 4)]
    one.close()


def test_keys_that_are_names_are_listed() -> None:
    one = fields(b=1, a=2)
    assert one.names() == ("b", "a")
    assert [one.number(name, 0, 9) for name in one.names()] == [1, 2]


def test_missing_optional_values_have_their_defaults() -> None:
    one = fields(null=None, empty="")
    assert one.text("null", "x") == one.text("none", "x") == one.text("empty", "x") == "x"
    assert one.flag("none", default=True) is True
    assert one.optional_integer("null", 0, 1) is None
    assert one.mapping("none") == {}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, lambda f: f.text("key")),
        (5, lambda f: f.text("key")),
        ("  ", lambda f: f.text("key")),
        ("five", lambda f: f.integer("key", 0, 9)),
        (5.0, lambda f: f.integer("key", 0, 9)),
        (True, lambda f: f.integer("key", 0, 9)),
        (10, lambda f: f.integer("key", 0, 9)),
        (-1, lambda f: f.optional_integer("key", 0, 9)),
        (1, lambda f: f.flag("key", default=True)),
        ("blue", lambda f: f.choice("key", ("rgb", "bgr"))),
        ([], lambda f: f.choice("key", ("rgb", "bgr"))),
        ("12", lambda f: f.sequence("key")),
        ([1], lambda f: f.sequence("key", 2)),
        ([1, "2"], lambda f: f.integers("key", 2, 0, 9)),
        ([1, math.nan], lambda f: f.numbers("key", 2, 0, 9)),
        ([1, math.inf], lambda f: f.numbers("key", 2, 0, 9)),
        ([1, True], lambda f: f.numbers("key", 2, 0, 9)),
        ([1, 99], lambda f: f.numbers("key", 2, 0, 9)),
        ([[1, 2], 3], lambda f: f.integer_lists("key", 2, 0, 9)),
        ([], lambda f: f.integer_lists("key", 2, 0, 9)),
        (3, lambda f: f.child("key")),
        ([3], lambda f: f.children("key")),
        ([], lambda f: f.mapping("key")),
    ],
)
def test_values_of_the_wrong_type_or_range_are_refused_with_their_path(
    value: object, read: Any
) -> None:
    with pytest.raises(ModelError, match=r"drive\.yaml: key"):
        read(fields(key=value))


def test_errors_give_the_whole_path_from_the_file_down() -> None:
    deep = Fields({"a": {"b": [{"c": 1}, {"c": "x"}]}}, "drive.yaml")
    last = deep.child("a").children("b")[1]
    with pytest.raises(ConfigError, match=r"'x' at drive\.yaml: a\.b\[1\]\.c"):
        last.integer("c", 0, 1)


def test_missing_keys_are_named() -> None:
    with pytest.raises(ModelError, match=r"no stride in drive\.yaml"):
        fields().integer("stride", 1, 64)


def test_keys_that_nobody_read_are_refused_with_the_known_ones() -> None:
    one = fields(name="a", licnece="x")
    one.text("name")
    one.text("licence", "")
    with pytest.raises(ModelError, match=r"unknown key drive\.yaml: licnece.*licence, name"):
        one.close()


def test_long_values_are_cut_to_fit_a_sentence() -> None:
    assert shown("x" * 500) == repr("x" * 500)[:57] + "..."


def test_yaml_is_parsed_and_its_faults_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: [1, 2]", encoding="utf-8")
    assert read_yaml(path) == {"a": [1, 2]}
    for content in (b"a: [1", b"\xff\xfe", b"a: !!python/object:os.system {}"):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"a\.yaml") as error:
            read_yaml(path, ModelError)
        assert "\n" not in str(error.value)
    with pytest.raises(ConfigError, match="no file"):
        read_yaml(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 20_000,
        b"{a: " * 5_000,
        b"format: 2024-99-99",
        b"format: " + b"9" * 5_000,
        b"#" * (LARGEST_YAML_BYTES + 1),
        b'format: !!int ""',
        b"format: !!bool x",
        b"format: !!timestamp x",
        b"format: !!int 1:30",
    ],
    ids=[
        "nested lists",
        "nested mappings",
        "no date",
        "a number without end",
        "too large",
        "no number",
        "neither true nor false",
        "no timestamp",
        "a number in sixties",
    ],
)
def test_hostile_yaml_is_refused_in_one_short_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"a\.yaml") as error:
        read_yaml(path, ModelError)
    assert len(str(error.value)) < 500


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_json_is_parsed_as_deep_as_anything_sensible_goes() -> None:
    assert parse_json('{"a": [1, {"b": null}], "c": "[[["}') == {"a": [1, {"b": None}], "c": "[[["}
    assert parse_json(nested(DEEPEST_JSON))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ('{"a": 1', "delimiter"),
        ("9" * 5_000, "digits"),
        ("[" * 100_000, "nested more than 64 deep"),
        ('{"a":' * 100_000, "nested more than 64 deep"),
        # Short enough for the parser, and too deep for whoever quotes it in an error.
        (nested(DEEPEST_JSON + 1), "nested more than 64 deep"),
        ('{"a":' * 65 + "1" + "}" * 65, "nested more than 64 deep"),
    ],
    ids=["empty", "cut", "long number", "lists", "mappings", "closed lists", "closed mappings"],
)
def test_whatever_hostile_json_holds_is_a_value_error(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_what_refers_to_itself_a_billion_times_is_shown_in_a_sentence(tmp_path: Path) -> None:
    names = "abcdefghijk"
    lines = [f"a: &a [{', '.join('x' * 9)}]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairwise(names)]
    path = tmp_path / "a.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(shown(read_yaml(path)["k"])) == 60
    assert shown(int("f" * 10_000, 16)) == "a number of too many digits"


def test_a_number_may_have_a_default() -> None:
    one = fields(scale=2)
    assert one.number("scale", 0, 9, default=1.0) == 2.0
    assert one.number("none", 0, 9, default=1.0) == 1.0
    with pytest.raises(ModelError, match=r"drive.yaml: scale"):
        one.number("scale", 3, 9, default=5.0)


def test_texts_are_read_as_a_list() -> None:
    assert fields(names=["a", "b"]).texts("names") == ("a", "b")
    for wrong in ("a", ["a", 1], ["a", " "]):
        with pytest.raises(ModelError, match=r"drive.yaml: names"):
            fields(names=wrong).texts("names")


def test_merge_keys_are_refused_and_not_multiplied(tmp_path: Path) -> None:
    """Each line refers to the one before it twice: a thousand million entries after thirty."""
    lines = [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)]
    lines.insert(0, "a0: &a0 {x: 1}")
    file = tmp_path / "map.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match="merge keys"):
        read_yaml(file)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0512", 512),
        ("010", 10),
        ("08", 8),
        ("-007", -7),
        ("0x10", 16),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("no", "no"),
        ("Off", "Off"),
        ("true", True),
        ("False", False),
        ("0.50", 0.5),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1_0.5", "1_0.5"),
    ],
)
def test_numbers_and_words_are_what_they_look_like(
    written: str, read: object, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(f"a: {written}\n")
    found = read_yaml(tmp_path / "a.yaml")["a"]
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize("text", ["08", "09", "1.5e3", "+.5", "no", "1:30", "1_000", "=", "", "~"])
def test_texts_that_look_like_something_else_are_read_back_as_texts(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(dump_yaml({"name": text}), encoding="utf-8")
    assert read_yaml(tmp_path / "a.yaml") == {"name": text}


@given(
    content=st.dictionaries(
        st.text("0123456789+-.:_xeEnoyfalstru", min_size=1, max_size=8),
        st.text("0123456789+-.:_xeEnoyfalstru", max_size=8)
        | st.integers()
        | st.floats(allow_nan=False)
        | st.booleans(),
    )
)
def test_what_is_written_is_read_back_as_it_was(
    content: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "again.yaml"
    path.write_text(dump_yaml(content), encoding="utf-8")
    assert read_yaml(path) == content
