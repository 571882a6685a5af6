"""The small file beside a segmented bag that says what it was made of.

By it a later run knows which bags are done: those whose input, network and options are still what
the manifest says. It is written when the bag is whole and its place is empty, just before the bag
is moved there. So a process that is killed leaves a manifest without a bag at worst, which counts
as not done, and never a bag with the manifest of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from segmentation_node.errors import OutputError, SegmentationError
from segmentation_node.fields import Fields, parse_json
from segmentation_node.files import write_json

FORMAT = 1
_LARGEST = 2**60


@dataclass(frozen=True)
class Manifest:
    """What a segmented bag was made of.

    Attributes:
        conditions: What decides whether it is done again, in groups: `input`, `network`,
            `options`; plain values by name.
        output_bytes: Size of the bag.
        frames: How many frames were segmented.
        malformed: The frames that could not be read, and why.
        facts: What else is good to know of it, such as the classes and the package's version.
    """

    conditions: Mapping[str, Mapping[str, Any]]
    output_bytes: int
    frames: int = 0
    malformed: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def changes(self, now: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """What differs from the conditions of today, in words.

        Args:
            now: Today's conditions.
        """
        then = dict(_flat(self.conditions))
        return tuple(
            f"{name} was {then.get(name)}, is {value}"
            for name, value in _flat(now)
            if then.get(name) != value
        )

    def write(self, output: Path) -> None:
        """Write the manifest of a bag.

        Args:
            output: The bag.

        Raises:
            OutputError: It cannot be written.
        """
        content = {"format": FORMAT, **asdict(self)}
        write_json(manifest_path(output), content)


def manifest_path(output: Path) -> Path:
    """Where the manifest of a bag lies."""
    return output.with_name(f"{output.name}.run.json")


def read_manifest(output: Path) -> Manifest | None:
    """Read the manifest of a bag; None where there is none.

    Args:
        output: The bag.

    Raises:
        OutputError: It is not to be read as one.
    """
    path = manifest_path(output)
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        return _manifest(Fields(content, path.name))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, SegmentationError) as error:
        raise OutputError(
            received=f"{path}, which is no manifest of a run ({error})",
            expected="the manifest that `segmentation run` has written, or none",
            fix=f"remove it, and {output.name} if that may be written anew",
        ) from error


def _manifest(fields: Fields) -> Manifest:
    if fields.raw("format") != FORMAT:
        fields.fail("format", str(FORMAT))
    conditions = fields.child("conditions")
    manifest = Manifest(
        conditions={name: conditions.mapping(name) for name in conditions.names()},
        output_bytes=fields.integer("output_bytes", 0, _LARGEST),
        frames=fields.integer("frames", 0, _LARGEST),
        malformed=tuple(str(one) for one in fields.sequence("malformed")),
        facts=fields.mapping("facts"),
    )
    fields.close()
    return manifest


def _flat(groups: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for group, values in groups.items():
        for name, value in values.items():
            yield f"{group}.{name}", value
