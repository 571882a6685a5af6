from __future__ import annotations

import pytest

from segmentation_node.doctor.finding import Finding, one_line
from segmentation_node.errors import ConfigError


def test_a_finding_that_is_not_ok_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="without a remedy"):
        Finding("ros", "rclpy", "missing", "not installed")


def test_only_a_missing_essential_is_fatal() -> None:
    def finding(status: str, essential: bool) -> Finding:
        return Finding("t", "n", status, "found", "do this", essential)  # type: ignore[arg-type]

    assert finding("missing", True).is_fatal
    assert not finding("warn", True).is_fatal
    assert not finding("missing", False).is_fatal


def test_a_message_of_several_lines_is_folded() -> None:
    assert one_line("a\n  b\n") == "a b"
