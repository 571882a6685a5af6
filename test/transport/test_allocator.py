from __future__ import annotations

import subprocess
import sys

from segmentation_node.transport import allocator

# Page faults per frame of making and dropping an image-sized block, in a process of its own.
FAULTS = """
import resource, sys
from segmentation_node.transport import allocator
if sys.argv[1] == "kept":
    assert allocator.apply()
def churn():
    for _ in range(50):
        bytearray(2_764_800)
churn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
churn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mode: str) -> int:
    # glibc raises its threshold by itself once a mapped block is freed; a fixed one shows the cost.
    environment = {"MALLOC_MMAP_THRESHOLD_": "131072"}
    command = [sys.executable, "-c", FAULTS, mode]
    return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


def test_the_pages_of_an_image_are_used_again_instead_of_faulted_in() -> None:
    assert faults("kept") < 50 < faults("mapped")


def test_the_variables_are_what_mallopt_is_told() -> None:
    told = {name: str(size) for name, (_, size) in allocator.SETTINGS.items()}
    assert allocator.variables() == told


def test_our_own_variables_are_not_taken_for_the_users() -> None:
    assert allocator.set_by_user(allocator.variables()) is None


def test_another_value_of_the_same_variable_is_the_users() -> None:
    changed = {**allocator.variables(), "MALLOC_TOP_PAD_": "1"}
    assert allocator.set_by_user(changed) == "MALLOC_TOP_PAD_"
