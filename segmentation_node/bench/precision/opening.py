"""Opens models on a runtime, one by one to see whether they run, and all at once to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from segmentation_node.bench.precision.networks import Network
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.engines import available_engines, open_engine
from segmentation_node.errors import ConfigError
from segmentation_node.model import load_model
from segmentation_node.pipeline import Segmenter


def check_runs(models: Sequence[str], engine: str, size: NetworkSize | None) -> tuple[str, ...]:
    """Open models before an hour of calibration.

    Args:
        models: Shipped names or paths.
        engine: The runtime.
        size: Network size; each model's default where None.

    Returns:
        The precisions that the device can do, the choice of `auto` first.

    Raises:
        SegmentationError: One cannot be opened.
        ConfigError: They differ in network size or fit.
    """
    seen, runtime = set(), engine
    for name in models:
        model = load_model(name)
        with open_engine(model, engine=engine, precision="fp32", size=size) as opened_engine:
            seen.add(f"{size or model.default_size} {model.input.fit.value}")
            runtime = opened_engine.name
    if len(seen) > 1:
        raise ConfigError(
            received="models for " + " and ".join(sorted(seen)),
            expected="one network size and one fit: scores differ by points between them",
            fix="give --size HEIGHTxWIDTH, and models of one fit",
        )
    return next(report.precisions for report in available_engines() if report.name == runtime)


@contextmanager
def opened(
    networks: Sequence[Network], engine: str, size: NetworkSize | None
) -> Iterator[dict[str, Segmenter]]:
    """Open networks to be run in turns.

    Args:
        networks: All of one model.
        engine: The runtime.
        size: Network size; the model's default where None.

    Yields:
        A segmenter for each, by the name of its precision.

    Raises:
        SegmentationError: One cannot be opened.
    """
    with ExitStack() as stack:
        segmenters = {}
        for one in networks:
            model = load_model(one.path)
            runtime = open_engine(model, engine=engine, precision=one.variant.ask, size=size)
            segmenters[one.variant.name] = stack.enter_context(Segmenter(model, runtime))
        yield segmenters
