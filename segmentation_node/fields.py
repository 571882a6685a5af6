"""Typed reading of mappings that came out of a YAML file, and JSON that may be hostile.

A fault in such a file is the user's to mend, so every error names the file and the key at fault
(`camvid.yaml: input.mean[2]`), what stood there, and what belongs there.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from segmentation_node.errors import ConfigError, SegmentationError, nearest

LARGEST_YAML_BYTES = 2**20
"""What is larger was not written for this package: a sidecar has some thousand bytes."""

DEEPEST_JSON = 64
"""Ten times what this package writes, and far from where repr and json.dumps give up."""

_TAG = "tag:yaml.org,2002:"

_SCALARS = (
    ("bool", "^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", "^[-+]?([0-9]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^([-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
        "-+.0123456789",
    ),
)
"""What is a number or a truth value, after YAML 1.2 (10.3.2), and how each may begin."""

# A file of a few lines can hold a value of billions: lists of references to lists. Their whole
# repr would never end.
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 3
_BRIEF.maxlist = _BRIEF.maxtuple = _BRIEF.maxset = _BRIEF.maxdict = 12
_BRIEF.maxstring = _BRIEF.maxlong = _BRIEF.maxother = 200


def read_yaml(path: Path, error: type[SegmentationError] = ConfigError) -> Any:
    """Parse a YAML file; what it holds is for the caller to check.

    Raises:
        SegmentationError: Of the class given: the file is missing, unreadable, too large, or no
            YAML.
    """
    # Built-in label sets and everything else in core/ work without PyYAML.
    import yaml  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_YAML_BYTES + 1)
        if len(content) > LARGEST_YAML_BYTES:
            raise error(
                received=f"{path}, of more than {LARGEST_YAML_BYTES} bytes",
                expected="a YAML file written for this package",
                fix="correct the path",
            )
        return yaml.load(content.decode("utf-8"), _loader())
    except FileNotFoundError as missing:
        raise error(
            f"no file at {path}", "a YAML file", "write it, or correct the path"
        ) from missing
    # What PyYAML lets through beside its own: dates that there are not, numbers without end, and
    # values that are not what their tag says, such as `!!int ""`, `!!bool x` and `!!timestamp x`.
    except (
        OSError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
        yaml.YAMLError,
    ) as fault:
        reason = " ".join(str(fault).split())
        raise error(f"{path}, unreadable ({reason})", "a YAML file", "correct the file") from fault


@cache
def _loader() -> Any:
    """PyYAML's safe loader, for which numbers and words are what they look like.

    YAML 1.1 takes 0512 for 330 (octal), 1:30 for 90 (sexagesimal), 1_000 for 1000 and a class named
    `no` for false. Here 0512 is 512, as in YAML 1.2, and the others are texts, which are refused
    where a number belongs. Merge keys (`<<`) are refused: each of them copies what it refers to, so
    that thirty short lines make billions of entries.
    """
    import yaml  # noqa: PLC0415

    class Loader(yaml.SafeLoader):
        def flatten_mapping(self, node: Any) -> None:
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    problem = "merge keys (<<) are not read: write the entries out"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            super().flatten_mapping(node)

        def construct_number(self, node: Any) -> int:
            text = self.construct_scalar(node)
            return int(text, 16 if "x" in text else 10)

    _resolve_as_it_looks(Loader)
    Loader.add_constructor(f"{_TAG}int", Loader.construct_number)
    return Loader


def dump_yaml(content: object) -> str:
    """A YAML text that `read_yaml` reads back as it was.

    PyYAML's own dumper leaves texts without quotes that are no numbers in YAML 1.1, such as 08 and
    1.5e3, and that are some here. Its own words for truth values stay in quotes for other readers.

    Args:
        content: Plain numbers, texts, lists and mappings; keys stay in their order.
    """
    import yaml  # noqa: PLC0415

    dumped: str = yaml.dump(
        content, Dumper=_dumper(), sort_keys=False, default_flow_style=None, width=100
    )
    return dumped


@cache
def _dumper() -> Any:
    import yaml  # noqa: PLC0415

    class Dumper(yaml.SafeDumper):
        def represent_text(self, text: str) -> Any:
            other = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], [])
            quoted = "'" if any(pattern.match(text) for _, pattern in other) else None
            return self.represent_scalar(f"{_TAG}str", text, style=quoted)

    _resolve_as_it_looks(Dumper)
    Dumper.add_representer(str, Dumper.represent_text)
    return Dumper


def _resolve_as_it_looks(kind: Any) -> None:
    """Let a loader or dumper take for numbers and truth values what `_SCALARS` says."""
    replaced = {f"{_TAG}{name}" for name, _, _ in _SCALARS}
    kind.yaml_implicit_resolvers = {
        first: [one for one in resolvers if one[0] not in replaced]
        for first, resolvers in kind.yaml_implicit_resolvers.items()
    }
    for name, pattern, firsts in _SCALARS:
        kind.add_implicit_resolver(f"{_TAG}{name}", re.compile(pattern), list(firsts))


def parse_json(text: str) -> Any:
    """Parse a JSON text; what it holds is for the caller to check.

    Raises:
        ValueError: It is no JSON, is nested deeper than `DEEPEST_JSON`, or holds a number of too
            many digits.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise _too_deep() from error
    level = [value]
    for _ in range(DEEPEST_JSON):
        level = [inner for outer in level for inner in _items(outer)]
    if level:
        raise _too_deep()
    return value


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> ValueError:
    return ValueError(f"nested more than {DEEPEST_JSON} deep")


def shown(value: object, limit: int = 60) -> str:
    """A value as it is quoted in an error: its repr, cut to a length that fits a sentence."""
    try:
        text = _BRIEF.repr(value)
    except ValueError:  # Python writes no number of more than some thousand digits
        text = "a number of too many digits"
    return text if len(text) <= limit else text[: limit - 3] + "..."


class Fields:
    """One mapping of a YAML file, read key by key; `close` refuses the keys that nobody read.

    Args:
        value: What the YAML parser returned at this place.
        where: The file, and the key path so far, as errors show it.
        error: The class of error to raise.
    """

    def __init__(
        self, value: object, where: str, error: type[SegmentationError] = ConfigError
    ) -> None:
        self.where = where
        self._error = error
        self._read: set[str] = set()
        if not isinstance(value, Mapping):
            raise error(
                received=f"{shown(value)} at {where}",
                expected="a mapping (key: value)",
                fix="write the keys and their values there",
            )
        self._mapping: Mapping[str, Any] = value

    def fail(self, key: str, expected: str, fix: str = "") -> NoReturn:
        """Raise the error for the value at `key`."""
        raise self._error(
            received=f"{shown(self._mapping.get(key))} at {self.path(key)}",
            expected=expected,
            fix=fix or f"correct {key}",
        )

    def path(self, key: str) -> str:
        """The file and the whole key path of `key`."""
        return f"{self.where}.{key}" if ": " in self.where else f"{self.where}: {key}"

    def names(self) -> tuple[str, ...]:
        """The keys, where they are not fixed but names of the user's."""
        return tuple(str(key) for key in self._mapping)

    def has(self, key: str) -> bool:
        """Whether the key is there and holds something."""
        self._read.add(key)
        return self._mapping.get(key) is not None

    def raw(self, key: str) -> Any:
        """The value at a key that must be there (it may be null)."""
        self._read.add(key)
        if key not in self._mapping:
            raise self._error(
                received=f"no {key} in {self.where}",
                expected=f"the key {self.path(key)}",
                fix=f"add {key}",
            )
        return self._mapping[key]

    def child(self, key: str) -> Fields:
        """The mapping at `key`."""
        return Fields(self.raw(key), self.path(key), self._error)

    def children(self, key: str) -> list[Fields]:
        """The mappings of the list at `key`, each with its index in its path."""
        items = self.sequence(key)
        return [Fields(item, f"{self.path(key)}[{i}]", self._error) for i, item in enumerate(items)]

    def mapping(self, key: str) -> dict[str, Any]:
        """The mapping at `key` as it stands; empty where the key is missing or null."""
        if not self.has(key):
            return {}
        return dict(self.child(key)._mapping)

    def text(self, key: str, default: str | None = None) -> str:
        """The string at `key`; where it is missing or empty, `default`, if there is one."""
        if default is not None and (not self.has(key) or self._mapping[key] == ""):
            return default
        value = self.raw(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, "a text", f"write {key} as a text in quotes")
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """The string at `key`, one of `choices`."""
        value = self.raw(key)
        if value not in choices:
            self.fail(key, "one of " + ", ".join(choices))
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of strings at `key`."""
        items = self.sequence(key)
        if not all(isinstance(item, str) and item.strip() for item in items):
            self.fail(key, "a list of texts")
        return tuple(items)

    def flag(self, key: str, default: bool) -> bool:
        """The true or false at `key`."""
        if not self.has(key):
            return default
        value = self.raw(key)
        if not isinstance(value, bool):
            self.fail(key, "true or false")
        return bool(value)

    def integer(self, key: str, low: int, high: int) -> int:
        """The whole number at `key`, from `low` to `high`."""
        return self._integer(self.raw(key), key, low, high)

    def optional_integer(self, key: str, low: int, high: int) -> int | None:
        """The whole number at `key`, or None where it is missing or null."""
        return self.integer(key, low, high) if self.has(key) else None

    def integers(self, key: str, length: int, low: int, high: int) -> tuple[int, ...]:
        """The list of `length` whole numbers at `key`, each from `low` to `high`."""
        items = self.sequence(key, length)
        return tuple(self._integer(item, key, low, high) for item in items)

    def integer_lists(self, key: str, length: int, low: int, high: int) -> list[tuple[int, ...]]:
        """The list at `key` of lists of `length` whole numbers, each from `low` to `high`."""
        items = self.sequence(key)
        if not items or not all(isinstance(i, list | tuple) and len(i) == length for i in items):
            self.fail(key, f"a list of lists of {length}")
        return [tuple(self._integer(one, key, low, high) for one in item) for item in items]

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """The finite number at `key`, from `low` to `high`; where missing, `default`, if any."""
        if default is not None and not self.has(key):
            return default
        return self._number(self.raw(key), key, low, high)

    def numbers(self, key: str, length: int, low: float, high: float) -> tuple[float, ...]:
        """The list of `length` finite numbers at `key`, each from `low` to `high`."""
        return tuple(self._number(item, key, low, high) for item in self.sequence(key, length))

    def sequence(self, key: str, length: int | None = None) -> list[Any]:
        """The list at `key`, of exactly `length` items where one is given."""
        value = self.raw(key)
        if not isinstance(value, list | tuple) or (length is not None and len(value) != length):
            self.fail(key, "a list" if length is None else f"a list of {length}")
        return list(value)

    def close(self) -> None:
        """Refuse the keys that were not read: a misspelt key must not pass for a missing one."""
        for key in self._mapping:
            if key not in self._read:
                meant = nearest(str(key), self._read)
                raise self._error(
                    received=f"the unknown key {self.path(str(key))}",
                    expected="one of " + ", ".join(sorted(self._read)),
                    fix=f"write {meant}" if meant else f"remove {key}",
                )

    def _integer(self, value: object, key: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fail(key, f"whole numbers from {low} to {high}")
        return value

    def _number(self, value: object, key: str, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, "numbers")
        if not math.isfinite(value) or not low <= value <= high:
            self.fail(key, f"numbers from {low:g} to {high:g}")
        return float(value)
