"""One reader under a coverage-guided fuzzer, in a process of its own that a crash may end.

Atheris (Google) puts libFuzzer under Python: inputs that reach new code are kept and mutated on.
Run as `python -m benchmarks.fuzz.guided TARGET FOLDER [libFuzzer's options]`; the exit
status is libFuzzer's, and what it prints last are its statistics.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris


def main(arguments: list[str]) -> None:
    """Fuzz one target until the options say that it is enough, or until something is found.

    Args:
        arguments: Name of the target, folder of its inputs, and libFuzzer's options.
    """
    name, corpus, *options = arguments
    with atheris.instrument_imports(include=["segmentation_node", "rosbags", "yaml", "json"]):
        from benchmarks.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented
    target = TARGETS[name]
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    for index, seed in enumerate(target.seeds()):
        (folder / f"seed-{index:02}").write_bytes(seed)
    reader = target.reader(Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-")))
    atheris.Setup([sys.argv[0], *options, str(folder)], reader)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
