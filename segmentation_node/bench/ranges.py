"""Settings of a measurement that are out of their range, told by their names."""

from __future__ import annotations

from segmentation_node.errors import ConfigError


def check_least(settings: object, least: float, *names: str) -> None:
    """Check that settings are so large or larger.

    Args:
        settings: Has them as attributes.
        least: The smallest number allowed.
        names: Of the settings, which are numbers.

    Raises:
        ConfigError: One is smaller, or not a number (NaN).
    """
    for name in names:
        value = getattr(settings, name)
        if not value >= least:
            raise _out_of_range(name, value, f"{least} or more")


def check_above(settings: object, limit: float, *names: str) -> None:
    """Check that settings are larger than a limit.

    Args:
        settings: Has them as attributes.
        limit: The largest number that is not allowed.
        names: Of the settings, which are numbers.

    Raises:
        ConfigError: One is not larger, or not a number (NaN).
    """
    for name in names:
        value = getattr(settings, name)
        if not value > limit:
            raise _out_of_range(name, value, f"more than {limit}")


def _out_of_range(name: str, value: float, expected: str) -> ConfigError:
    return ConfigError(f"{name}: {value!r}", expected, f"correct {name}")
