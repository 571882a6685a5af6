"""Programs with which maintainers measure: race, soak, fuzzing, GPU checks, single experiments.

They run from a checkout, as `python -m benchmarks.race`, and are not installed.
"""

from __future__ import annotations

import os
from pathlib import Path

# The processes that they start are programs of this folder too.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")])
)
