"""The memory of one frame on its way through the GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segmentation_node.cuda.driver import Memory
from segmentation_node.cuda.gpu import Gpu
from segmentation_node.cuda.owned import Owned
from segmentation_node.cuda.postprocess import Results
from segmentation_node.cuda.staged import Staged
from segmentation_node.pipeline.buffers import Outputs


@dataclass(frozen=True)
class SlotSizes:
    """How much memory a frame takes.

    Args:
        image: Bytes of the camera image.
        picture: Bytes of the picture under an overlay, where that is not the camera image.
        pixels: Pixels of the result.
    """

    image: int
    picture: int
    pixels: int

    def of_result(self, name: str) -> int:
        """Bytes of one of the results."""
        return self.pixels * (3 if name in {"color", "overlay"} else 1)


def names_of(outputs: Outputs) -> tuple[str, ...]:
    """The results that are made, the labels first."""
    wanted = (name for name in ("color", "overlay", "confidence") if getattr(outputs, name))
    return ("labels", *wanted)


class GpuSlot:
    """Where the image and the results of one frame lie, allocated once.

    Args:
        gpu: The GPU; its context is current.
        sizes: How much memory a frame takes.
        mapped: Whether kernels read the image and write the results in main memory.

    Raises:
        EngineError: CUDA refuses; what was made is freed.
    """

    def __init__(self, gpu: Gpu, sizes: SlotSizes, mapped: bool) -> None:
        self._gpu, self._sizes, self._mapped = gpu, sizes, mapped
        with Owned() as owned:
            self.image = owned.keep(Staged(gpu, sizes.image, mapped))
            self._owned = owned.pop_all()
        self._results: dict[str, Staged] = {}
        self._picture: Memory | None = None

    def prepare(self, outputs: Outputs) -> None:
        """Make the memory of results that are wanted for the first time.

        Raises:
            EngineError: CUDA refuses.
        """
        if outputs.overlay and self._sizes.picture and self._picture is None:
            self._picture = self._owned.keep(self._gpu.allocate(self._sizes.picture))
        for name in names_of(outputs):
            if name not in self._results:
                size = self._sizes.of_result(name)
                staged = Staged(self._gpu, size, self._mapped)
                self._results[name] = self._owned.keep(staged)

    @property
    def picture(self) -> int:
        """Address of the memory for the picture under an overlay; 0 where there is none."""
        return 0 if self._picture is None else int(self._picture)

    def results(self, outputs: Outputs) -> Mapping[str, Staged]:
        """The results that are wanted, by name."""
        return {name: self._results[name] for name in names_of(outputs)}

    def addresses(self, outputs: Outputs) -> Results:
        """Where the kernel writes them."""
        return Results(**{name: one.address for name, one in self.results(outputs).items()})

    def free(self) -> None:
        """Give everything back, once nothing is under way; freeing twice does nothing."""
        self._owned.close()
