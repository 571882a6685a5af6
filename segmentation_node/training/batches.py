"""Batches of augmented images, prepared ahead by threads, and the same in every run.

What is in a batch depends on the seed and on the iteration alone, not on threads or on where a run
was taken up again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segmentation_node.datasets import Dataset
from segmentation_node.errors import DatasetError
from segmentation_node.training.augment import Augmentation, augment

Triple = tuple[float, float, float]
Example = tuple[NDArray[np.uint8], NDArray[np.uint8]]
_AHEAD = 2


@dataclass(frozen=True)
class Source:
    """A data set and how many images of it are in each batch.

    Args:
        data: The data set.
        per_batch: Images in each batch.
        late: Images in each batch from the iteration `late_from` on; None goes on as before.
        late_from: See `late`.
    """

    data: Dataset
    per_batch: int
    late: int | None = None
    late_from: int = 0

    def __post_init__(self) -> None:
        if not self.data.samples:
            raise DatasetError(f"no images in {self.data.name}", "at least one", "choose another")

    def positions(self, iteration: int) -> range:
        """Which of its images are in a batch: how many of them came before, for each."""
        if self.late is None or iteration < self.late_from:
            return range(iteration * self.per_batch, (iteration + 1) * self.per_batch)
        first = self.late_from * self.per_batch + (iteration - self.late_from) * self.late
        return range(first, first + self.late)


@dataclass(frozen=True)
class Batches:
    """The batches of a run.

    Args:
        sources: What each batch is made of.
        settings: Changes to the images.
        seed: Decides all that is random.
        threads: Threads that read and change images.
    """

    sources: Sequence[Source]
    settings: Augmentation
    seed: int
    threads: int = 2

    def example(self, source: int, position: int) -> Example:
        """An image of a source: every image once, in an order of its own, before any again.

        Args:
            source: Which source.
            position: How many images of it came before.

        Returns:
            (h, w, 3) uint8 BGR, and (h, w) uint8 channels, 255 where there is no class.
        """
        data = self.sources[source].data
        epoch, index = divmod(position, len(data))
        order = np.random.default_rng((self.seed, source, epoch)).permutation(len(data))
        image, labels = data.samples[order[index]].read()
        rng = np.random.default_rng((self.seed, source, epoch, index))
        return augment(image, data.labels.channel_of_id[labels], self.settings, rng)

    def since(self, iteration: int, iterations: int) -> Iterator[list[Example]]:
        """Yield the batches of the iterations from `iteration` on."""
        with ThreadPoolExecutor(self.threads) as pool:
            waiting: deque[list[Future[Example]]] = deque()
            for upcoming in range(iteration, iterations + _AHEAD):
                if upcoming < iterations:
                    waiting.append(
                        [pool.submit(self.example, *key) for key in self._keys(upcoming)]
                    )
                if upcoming >= iteration + _AHEAD:
                    yield [future.result() for future in waiting.popleft()]

    def _keys(self, iteration: int) -> list[tuple[int, int]]:
        """Source and position of each image of a batch."""
        return [
            (index, position)
            for index, source in enumerate(self.sources)
            for position in source.positions(iteration)
        ]


def collate(
    examples: Sequence[Example], mean: Triple, std: Triple, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Stack examples and normalise them.

    Args:
        examples: (h, w, 3) uint8 BGR and (h, w) uint8 channels, each.
        mean: (3,) float RGB in 0..255.
        std: (3,) float RGB in 0..255.
        device: Where to.

    Returns:
        (N, 3, h, w) float32 RGB, normalised, channels last; (N, h, w) int64 channels.
    """
    images = torch.from_numpy(np.stack([image for image, _ in examples])).to(device)
    channels = torch.from_numpy(np.stack([labels for _, labels in examples])).to(device)
    rgb = images.permute(0, 3, 1, 2).flip(1).float()
    shift = torch.tensor(mean, device=device).view(1, 3, 1, 1)
    scale = torch.tensor(std, device=device).view(1, 3, 1, 1)
    normalised = ((rgb - shift) / scale).contiguous(memory_format=torch.channels_last)
    return normalised, channels.long()
