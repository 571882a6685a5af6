"""Which weights each condition is scored with.

A network that has seen a drive while it was trained scores too well on it, and may hide there what
a lower precision costs. So each condition can have weights of its own that never saw it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from segmentation_node.datasets import Dataset
from segmentation_node.errors import ConfigError
from segmentation_node.quantize.images import ImageSet


@dataclass(frozen=True)
class Weights:
    """A model, and the groups of a data set that it is scored on.

    Args:
        model: Shipped name or path of an .onnx.
        groups: The groups.
        is_own: Whether it was given for these groups, which it then has not seen.
    """

    model: str
    groups: tuple[str, ...]
    is_own: bool = False

    @property
    def held_out(self) -> tuple[str, ...]:
        """The groups that it has not seen, as far as that was said."""
        return self.groups if self.is_own else ()

    def calibration(self, folders: Sequence[Path]) -> tuple[Path, ...]:
        """The images to calibrate it on: those of groups that it has not seen are left out.

        Args:
            folders: They hold the images; names begin with their group.

        Raises:
            MediaError: A folder is missing, or holds no image.
            ConfigError: No image is left.
        """
        images = ImageSet.read(folders).paths
        kept = tuple(path for path in images if not _is_of(path, self.held_out))
        if not kept:
            raise ConfigError(
                received=f"calibration images of {', '.join(self.held_out)} alone, for "
                f"{self.model}, which is scored on that",
                expected="images of other drives as well",
                fix="give --calibration a folder of those too",
            )
        return kept


def weights_of(given: Sequence[str], data: Dataset) -> tuple[Weights, ...]:
    """Read which model is for which groups.

    Args:
        given: `MODEL`, for all groups that no other is named for, or `GROUP=MODEL`; a path that
            has a `=` in its first part is written as `./PATH`.
        data: Whose groups they are.

    Returns:
        Each model once, with its groups.

    Raises:
        ConfigError: Two models for the same group, or a group without one.
        DatasetError: There is no such group.
    """
    named = [pair for pair in map(split_group, given) if pair[0]]
    rest = [model for group, model in map(split_group, given) if not group]
    data.of_groups(group for group, _ in named)
    groups = [group for group, _ in named]
    left = tuple(group for group in data.groups if group not in groups)
    _check_one_each(groups, rest, left)
    own = [
        Weights(model, tuple(group for group, its in named if its == model), is_own=True)
        for model in dict.fromkeys(model for _, model in named)
    ]
    return (*own, *(Weights(model, left) for model in rest if left))


def split_group(text: str) -> tuple[str, str]:
    """Read `GROUP=MODEL` or `MODEL`: the group, empty where there is none, and the model."""
    group, mark, model = text.partition("=")
    return (group, model) if mark and "/" not in group else ("", text)


def _check_one_each(groups: Sequence[str], rest: Sequence[str], left: Sequence[str]) -> None:
    twice = next((group for group in groups if groups.count(group) > 1), None)
    if twice is not None or len(rest) > 1:
        raise ConfigError(
            received=f"two models for {twice or 'all groups'}",
            expected="one MODEL, and one GROUP=MODEL for a group at most",
            fix="leave one out; models are compared by segmentation evaluate",
        )
    if left and not rest:
        raise ConfigError(
            received=f"no model for {', '.join(left)}",
            expected="weights for every group of the data",
            fix="give --model MODEL for the rest as well",
        )


def _is_of(path: Path, groups: Iterable[str]) -> bool:
    return any(path.stem == group or path.stem.startswith(f"{group}_") for group in groups)
