"""What one parameter is: its default, unit, range and meaning, and what may stand in it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from segmentation_node.errors import ConfigError, meant

Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True)
class Parameter:
    """What may stand in one parameter, and what it means.

    Args:
        name: As ROS and the command line spell it.
        default: Its value where nobody sets it; its type is the parameter's type.
        description: One or two sentences for the user.
        unit: Such as `s`, `ms` or `frames`; empty where there is none.
        low: Smallest number allowed.
        high: Largest number allowed.
        choices: The texts allowed; empty where any text will do.
        pattern: Regular expression that the whole text, or each of a list, must match.
        example: What a text of that pattern looks like, in words.
        live: Whether a change takes effect while the node runs.
        read_only: Whether it can only be given at the start.
    """

    name: str
    default: Value
    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = r".*\S.*"
    example: str = "a text"
    live: bool = False
    read_only: bool = False

    @property
    def expected(self) -> str:
        """What may stand here, as errors and descriptors say it."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str | tuple):
            return self.example
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        unit = f" {self.unit}" if self.unit else ""
        return f"{kind} from {self.low:g} to {self.high:g}{unit}"

    def checked(self, value: object) -> Value:
        """The value, made a float where one is wanted and an integer was given.

        Raises:
            ConfigError: It is of the wrong type, or out of range.
        """
        accepted = self._accepted(value)
        if accepted is None:
            shown = list(value) if isinstance(value, tuple) else value
            fix = f"correct {self.name}"
            if isinstance(value, str) and self.choices:
                fix = meant(value, self.choices, fix)
            raise ConfigError(f"{self.name}: {shown!r}", self.expected, fix)
        return accepted

    def _accepted(self, value: object) -> Value | None:
        if isinstance(self.default, bool) or isinstance(value, bool):
            same_kind = isinstance(self.default, bool) and isinstance(value, bool)
            return value if same_kind and isinstance(value, bool) else None
        if isinstance(self.default, str):
            return value if isinstance(value, str) and self._fits(value) else None
        if isinstance(self.default, tuple):
            return self._texts(value)
        return self._number(value)

    def _texts(self, value: object) -> tuple[str, ...] | None:
        if not isinstance(value, list | tuple):
            return None
        fitting = all(isinstance(one, str) and self._fits(one) for one in value)
        # ROS cannot tell the type of an empty list: it is written as one empty text.
        return (tuple(value) or ("",)) if fitting else None

    def _fits(self, text: str) -> bool:
        in_choices = not self.choices or text in self.choices
        return in_choices and re.fullmatch(self.pattern, text) is not None

    def _number(self, value: object) -> int | float | None:
        if not isinstance(value, int | float) or not math.isfinite(value):
            return None
        if isinstance(self.default, int) and not isinstance(value, int):
            return None
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= value <= high:
            return None
        return float(value) if isinstance(self.default, float) else value


def parameter(default: Value, description: str, **rest: Any) -> Any:
    """A field of a configuration dataclass, under the field's own name.

    Args:
        default: Its value where nobody sets it.
        description: One or two sentences for the user.
        rest: Other fields of `Parameter`.
    """
    return field(default=default, metadata={"description": description, **rest})


def described(config: type) -> Mapping[str, Parameter]:
    """The parameters of a configuration dataclass by name, in the order of its fields."""
    return {
        one.name: Parameter(one.name, one.default, **one.metadata)  # type: ignore[arg-type]
        for one in fields(config)
    }
