"""Settings under which large images travel well between processes.

By default Fast DDS cuts an image into pieces and loses most of them. The rest of the story, with
figures, is in docs/dds.md. Standard library only: this runs before everything else in a process.
"""

from __future__ import annotations

from segmentation_node.transport.planning import (
    TransportPlan,
    driver_command,
    environment,
    plain_environment,
    plan,
    prepare_process,
    tidy_plan,
)

__all__ = [
    "TransportPlan",
    "driver_command",
    "environment",
    "plain_environment",
    "plan",
    "prepare_process",
    "tidy_plan",
]
