from __future__ import annotations

import pytest

from segmentation_node.errors import ConfigError
from segmentation_node.training.memory import (
    TrainingMemory,
    check_batch,
    fitting_batch,
    training_memory,
)
from segmentation_node.training.recipe import recipe

GIB = 2**30
SMALL = TrainingMemory(activation_bytes=100, parameter_bytes=50)


def test_counts_activations_twice_and_parameters_four_times():
    assert SMALL.of_batch(0) == 200
    assert SMALL.of_batch(3) == 200 + 3 * 200


def test_one_image_of_fcn8s_takes_what_the_paper_estimates():
    """Section 4.3.2 says 1 GB; its tables, summed rightly, 948 MiB."""
    found = training_memory(recipe("paper_fcn8s"), 35).of_batch(1)
    assert found / 2**20 == pytest.approx(948, abs=1)


def test_the_batch_of_the_paper_fits_its_machine():
    memory = training_memory(recipe("paper_fcn8s"), 35)
    assert fitting_batch(10, memory, 16 * GIB) == 10
    check_batch(10, memory, 16 * GIB)


def test_a_batch_is_made_to_fit():
    assert fitting_batch(10, SMALL, 200 + 4 * 200 + 199) == 4
    assert SMALL.largest_batch(100) == 0


def test_a_batch_that_does_not_fit_is_refused_with_one_that_does():
    with pytest.raises(ConfigError, match="--batch 4, or --batch auto"):
        check_batch(10, SMALL, 200 + 4 * 200)
    with pytest.raises(ConfigError, match="more memory"):
        fitting_batch(10, SMALL, 300)
