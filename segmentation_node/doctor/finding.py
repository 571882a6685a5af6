"""What the doctor says of one thing: a row of its table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from segmentation_node.errors import ConfigError

Status = Literal["ok", "warn", "missing"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        topic: The part of the machine, such as `python` or `shared memory`.
        name: What was looked at.
        status: `ok`; `warn` where it works badly or only in part; `missing` where it is not there
            or does not work.
        found: What was found, with its version or figures.
        remedy: What to do about it, in one line; empty where nothing is to be done.
        essential: Whether nothing works without it.

    Raises:
        ConfigError: It is not ok, and yet says nothing of what to do.
    """

    topic: str
    name: str
    status: Status
    found: str
    remedy: str = ""
    essential: bool = False

    def __post_init__(self) -> None:
        if self.status != "ok" and not self.remedy:
            raise ConfigError(
                received=f"the finding {self.name!r} ({self.status}) without a remedy",
                expected="one line that says what to do",
                fix="give it a remedy",
            )

    @property
    def is_fatal(self) -> bool:
        """Whether nothing works because of this."""
        return self.essential and self.status == "missing"

    def to_mapping(self) -> dict[str, Any]:
        """Give the row as plain values, for JSON."""
        return asdict(self)


def one_line(text: str) -> str:
    """Fold a message of several lines into one."""
    return " ".join(text.split())
